// The photo that was taken, with the faulty places outlined.

const SVG = "http://www.w3.org/2000/svg";

/** Lays the drawing exactly over the picture, whatever size the page gives it. */
function align(image, drawing) {
  drawing.setAttribute("width", String(image.clientWidth));
  drawing.setAttribute("height", String(image.clientHeight));
}

/** Draws the regions of a finding over the picture; quads are in pixels of the full-size photo. */
export function outline(image, drawing, size, regions) {
  drawing.replaceChildren();
  if (!size) return;
  drawing.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  for (const region of regions) {
    const points = region.quad.map(([x, y]) => `${x},${y}`).join(" ");
    for (const kind of ["halo", "place"]) {
      const shape = document.createElementNS(SVG, "polygon");
      shape.setAttribute("class", kind);
      shape.setAttribute("points", points);
      drawing.append(shape);
    }
  }
  align(image, drawing);
}

/** Keeps the drawing over the picture when the page's size changes. */
export function follow(image, drawing) {
  new ResizeObserver(() => align(image, drawing)).observe(image);
  image.addEventListener("load", () => align(image, drawing));
}

/** A photo that the service takes: the file itself, or one drawn smaller when it is over the limits. */
export async function fitting(file, maxBytes, maxSidePx) {
  const bitmap = await createImageBitmap(file);
  const long = Math.max(bitmap.width, bitmap.height);
  const known = ["image/jpeg", "image/png", "image/webp"].includes(file.type);
  if (known && file.size <= maxBytes && long <= maxSidePx) {
    bitmap.close();
    return file;
  }
  const scale = Math.min(1, maxSidePx / long);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((done, stop) => {
    canvas.toBlob((blob) => (blob ? done(blob) : stop(new Error("the photo could not be kept"))), "image/jpeg", 0.92);
  });
}
