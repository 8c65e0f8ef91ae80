// The live camera: opening it, one photo out of it, and cheap hints from the pixels inside the card frame.

const LOOK_MS = 250; // a look at the live picture four times a second costs little and is fast enough for a hand
const LOOK_WIDTH_PX = 96;
const DARK_MEAN = 55; // of 255: below this a card's small print drowns in noise
const GLARE_LEVEL = 250; // a pixel at this level or above is burnt out
const GLARE_SHARE = 0.02; // of the frame: about a field's worth of a card
const MOVING_MEAN = 9; // mean change of a pixel between two looks: above this the shot would be smeared

/** What the pixels of two looks say: "dark", "glare", "moving" or "ready". Luma arrays, 0 to 255. */
export function hintOf(luma, before) {
  let sum = 0;
  let burnt = 0;
  let change = 0;
  for (let i = 0; i < luma.length; i += 1) {
    sum += luma[i];
    burnt += luma[i] >= GLARE_LEVEL ? 1 : 0;
    change += before ? Math.abs(luma[i] - before[i]) : 0;
  }
  if (sum / luma.length < DARK_MEAN) return "dark";
  if (before && change / luma.length > MOVING_MEAN) return "moving";
  if (burnt / luma.length > GLARE_SHARE) return "glare";
  return "ready";
}

/** The rectangle of the video's own pixels that lies under the frame, while the video covers its stage. */
export function underFrame(video, stage, frame) {
  const scale = Math.max(stage.width / video.width, stage.height / video.height);
  const left = (video.width - stage.width / scale) / 2 + (frame.left - stage.left) / scale;
  const top = (video.height - stage.height / scale) / 2 + (frame.top - stage.top) / scale;
  return { left, top, width: frame.width / scale, height: frame.height / scale };
}

export class Camera {
  constructor(video, stage, frame) {
    this.video = video;
    this.stage = stage;
    this.frame = frame;
    this.stream = null;
    this.timer = 0;
  }

  /** Opens the camera that looks away from the person. Throws what getUserMedia throws. */
  async open() {
    if (!navigator.mediaDevices?.getUserMedia) throw new Error("no camera in this context");
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: "environment" }, width: { ideal: 2560 }, height: { ideal: 1440 } },
    });
    this.video.srcObject = this.stream;
    await this.video.play();
  }

  close() {
    clearInterval(this.timer);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }

  /** The whole picture of this moment as a JPEG: what lies around the card belongs to the photo. */
  async shoot() {
    const canvas = document.createElement("canvas");
    canvas.width = this.video.videoWidth;
    canvas.height = this.video.videoHeight;
    canvas.getContext("2d").drawImage(this.video, 0, 0);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
    if (!blob) throw new Error("the picture could not be kept");
    return blob;
  }

  /** Calls `tell` with a hint at every look until the camera closes. */
  watch(tell) {
    clearInterval(this.timer);
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    let before = null;
    this.timer = setInterval(() => {
      if (!this.video.videoWidth || document.hidden) return;
      const place = underFrame(
        { width: this.video.videoWidth, height: this.video.videoHeight },
        this.stage.getBoundingClientRect(),
        this.frame.getBoundingClientRect(),
      );
      canvas.width = LOOK_WIDTH_PX;
      canvas.height = Math.max(1, Math.round((LOOK_WIDTH_PX * place.height) / place.width));
      context.drawImage(this.video, place.left, place.top, place.width, place.height, 0, 0, canvas.width, canvas.height);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      const luma = new Uint8Array(data.length / 4);
      for (let i = 0; i < luma.length; i += 1) {
        luma[i] = (data[4 * i] * 77 + data[4 * i + 1] * 150 + data[4 * i + 2] * 29) >> 8;
      }
      tell(hintOf(luma, before?.length === luma.length ? before : null));
      before = luma;
    }, LOOK_MS);
  }
}
