// The photo: zoom, pan, outlines and heat maps. One instance for each case; nothing global.

const LARGEST = 12;
const STEP = 1.25;

export class Viewer {
  constructor(main) {
    this.main = main;
    this.window = main.querySelector(".window");
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.pointers = new Map();
    if (!this.window) return;
    this.stage = this.window.querySelector(".stage");
    this.svg = this.stage.querySelector("svg");
    this.window.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.window.addEventListener("pointerdown", (event) => this.#down(event));
    this.window.addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel"]) this.window.addEventListener(end, (event) => this.#up(event));
    this.window.addEventListener("dblclick", (event) => this.zoom(2, ...this.#inside(event)));
    this.window.addEventListener("keydown", (event) => this.#arrow(event));
    for (const button of main.querySelectorAll("[data-view]")) {
      button.addEventListener("click", () => this.act(button.dataset.view));
    }
    main.addEventListener("change", (event) => this.#toggled(event.target));
  }

  act(name) {
    const acts = {
      in: () => this.zoom(STEP), out: () => this.zoom(1 / STEP), fit: () => this.fit(),
      outlines: () => this.#toggleAll("outline"), heatmaps: () => this.#toggleAll("heatmap"),
    };
    if (this.window) acts[name]?.();
  }

  zoom(by, x = this.window.clientWidth / 2, y = this.window.clientHeight / 2) {
    const scale = Math.min(Math.max(this.scale * by, 1), LARGEST);
    const ratio = scale / this.scale;
    this.x = x - (x - this.x) * ratio;
    this.y = y - (y - this.y) * ratio;
    this.scale = scale;
    this.#draw();
  }

  fit() { this.scale = 1; this.x = 0; this.y = 0; this.#draw(); }

  pan(dx, dy) { this.x += dx; this.y += dy; this.#draw(); }

  /** Zooms to the first outline of a criterion, with room around it. */
  show(slug) {
    const shape = this.svg?.querySelector(`[data-outline-of="${CSS.escape(slug)}"] polygon`);
    if (!shape) return;
    const box = shape.getBBox();
    const view = this.svg.viewBox.baseVal;
    const fit = Math.min(this.window.clientWidth / view.width, this.window.clientHeight / view.height);
    const left = (this.window.clientWidth - view.width * fit) / 2;
    const top = (this.window.clientHeight - view.height * fit) / 2;
    const wide = Math.max(box.width * fit, 1) * 2;
    const high = Math.max(box.height * fit, 1) * 2;
    this.scale = Math.min(Math.max(Math.min(this.window.clientWidth / wide, this.window.clientHeight / high), 1), LARGEST);
    this.x = this.window.clientWidth / 2 - (left + (box.x + box.width / 2) * fit) * this.scale;
    this.y = this.window.clientHeight / 2 - (top + (box.y + box.height / 2) * fit) * this.scale;
    this.#draw();
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.window;
    this.x = Math.min(Math.max(this.x, width - width * this.scale), 0);
    this.y = Math.min(Math.max(this.y, height - height * this.scale), 0);
    this.stage.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
  }

  #inside(event) {
    const box = this.window.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #wheel(event) {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * 0.0015), ...this.#inside(event));
  }

  #down(event) {
    this.window.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    this.window.classList.add("dragging");
  }

  #drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    if (this.pointers.size === 2) {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
      const apart = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]) || 1;
      const box = this.window.getBoundingClientRect();
      this.zoom(apart(now) / apart(before), (now[0] + other[0]) / 2 - box.left, (now[1] + other[1]) / 2 - box.top);
    } else {
      this.pan(now[0] - before[0], now[1] - before[1]);
    }
    this.pointers.set(event.pointerId, now);
  }

  #up(event) {
    this.pointers.delete(event.pointerId);
    if (!this.pointers.size) this.window.classList.remove("dragging");
  }

  #arrow(event) {
    const by = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (!by) return;
    event.preventDefault();
    this.pan(...by);
  }

  #toggled(box) {
    for (const kind of ["outline", "heatmap"]) {
      const slug = box.dataset?.[kind];
      if (!slug) continue;
      for (const layer of this.stage.querySelectorAll(`[data-${kind}-of="${CSS.escape(slug)}"]`)) {
        layer.classList.toggle("off", !box.checked);
        // A heat map is computed when it is asked for, and only then.
        if (box.checked && layer.dataset.src && !layer.src) layer.src = layer.dataset.src;
      }
      this.#press(kind);
    }
  }

  #toggleAll(kind) {
    const boxes = [...this.main.querySelectorAll(`[data-${kind}]`)];
    const on = !boxes.some((box) => box.checked);
    for (const box of boxes) { box.checked = on; this.#toggled(box); }
  }

  #press(kind) {
    const boxes = [...this.main.querySelectorAll(`[data-${kind}]`)];
    const button = this.main.querySelector(`[data-view="${kind}s"]`);
    button?.setAttribute("aria-pressed", String(boxes.some((box) => box.checked)));
  }
}
