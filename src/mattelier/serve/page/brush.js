// The brush: paints a trimap over the picture. Strokes are kept as such, so that taking one back means drawing the rest.

const TONES = { keep: "#fff", remove: "#000", unknown: "#808080" };
const LONGEST = 2048; // the canvas of a larger picture is smaller than it; the trimap is enlarged when it is handed out

/** @typedef {"keep" | "remove" | "unknown"} Mode @typedef {{mode: Mode, size: number, points: {x: number, y: number}[]}} Stroke */

export class Brush {
  /** @param {HTMLCanvasElement} canvas @param {import("./stage.js").Stage} stage @param {HTMLElement} nib @param {() => void} changed */
  constructor(canvas, stage, nib, changed) {
    Object.assign(this, { canvas, stage, nib, changed, active: false, size: 40, at: { x: 0, y: 0 } });
    /** @type {Mode} */ this.mode = "keep";
    this.context = canvas.getContext("2d", { willReadFrequently: true });
    this.clear(1, 1);
    const element = stage.element;
    element.addEventListener("pointerdown", (event) => this.down(event));
    element.addEventListener("pointermove", (event) => this.hover(event));
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, () => this.lift());
    element.addEventListener("keydown", (event) => this.key(event), { capture: true });
  }

  /** A fresh trimap: what the base says, or unknown everywhere. @param {number} width @param {number} height @param {CanvasImageSource} [base] */
  clear(width, height, base) {
    Object.assign(this, { width, height, base, strokes: [], undone: [], stroke: null });
    this.scale = Math.min(1, LONGEST / Math.max(width, height));
    this.canvas.width = Math.max(1, Math.round(width * this.scale));
    this.canvas.height = Math.max(1, Math.round(height * this.scale));
    this.at = { x: width / 2, y: height / 2 };
    this.redraw();
  }

  /** @param {boolean} active whether the pointer and the keys paint */
  activate(active) {
    this.active = active;
    this.stage.locked = active;
    this.stage.element.toggleAttribute("data-brush", active);
    this.nib.hidden = !active;
    this.showNib();
  }

  redraw() {
    this.context.fillStyle = TONES.unknown;
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    if (this.base) this.context.drawImage(this.base, 0, 0, this.canvas.width, this.canvas.height);
    for (const stroke of this.strokes) this.draw(stroke);
  }

  /** @param {Stroke} stroke @param {number} [from] the first point that is new */
  draw(stroke, from = 0) {
    const { context, scale } = this;
    const points = stroke.points.slice(Math.max(0, from - 1));
    Object.assign(context, { strokeStyle: TONES[stroke.mode], lineWidth: stroke.size * scale, lineCap: "round", lineJoin: "round" });
    context.beginPath();
    points.forEach(({ x, y }) => context.lineTo(x * scale, y * scale));
    if (points.length === 1) context.lineTo(points[0].x * scale + 0.01, points[0].y * scale); // no length, no ink
    context.stroke();
  }

  /** @param {{x: number, y: number}} point */
  begin(point) {
    this.stroke = { mode: this.mode, size: this.size, points: [point] };
    this.strokes.push(this.stroke);
    this.undone = [];
    this.draw(this.stroke);
    this.changed();
  }

  /** @param {{x: number, y: number}} point */
  extend(point) {
    this.stroke?.points.push(point);
    if (this.stroke) this.draw(this.stroke, this.stroke.points.length - 1);
  }

  lift() {
    this.stroke = null;
    this.showNib();
  }

  undo() {
    this.shift(this.strokes, this.undone);
  }

  redo() {
    this.shift(this.undone, this.strokes);
  }

  /** @param {Stroke[]} from @param {Stroke[]} to */
  shift(from, to) {
    const stroke = from.pop();
    if (!stroke) return;
    to.push(stroke);
    this.redraw();
    this.changed();
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (!this.active || event.button !== 0 || this.stage.pointers.size > 1) return;
    this.stage.element.setPointerCapture(event.pointerId);
    this.hover(event);
    this.begin(this.at);
  }

  /** @param {PointerEvent} event */
  hover(event) {
    if (!this.active) return;
    this.at = this.stage.toPicture(event);
    if (event.buttons === 1) this.extend(this.at);
    this.showNib();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.active || event.altKey) return;
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key === "z") event.shiftKey ? this.redo() : this.undo();
      else if (key === "y") this.redo();
      else return;
    } else if (step) this.walk(step, event.shiftKey);
    else if (key === " ") this.stroke ? this.lift() : this.begin(this.at);
    else if (key === "[" || key === "]") this.resize(this.size * (key === "[" ? 0.8 : 1.25));
    else if ("123".includes(key)) this.choose(/** @type {Mode} */ (Object.keys(TONES)[Number(key) - 1]));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number[]} step @param {boolean} far */
  walk([dx, dy], far) {
    const pace = (far ? 2 : 0.5) * this.size;
    const clamp = (value, end) => Math.min(end, Math.max(0, value));
    this.at = { x: clamp(this.at.x + dx * pace, this.width), y: clamp(this.at.y + dy * pace, this.height) };
    this.extend(this.at);
    this.showNib();
  }

  /** @param {number} size in pixels of the picture */
  resize(size) {
    this.size = Math.min(200, Math.max(2, Math.round(size)));
    this.showNib();
    this.changed();
  }

  /** @param {Mode} mode */
  choose(mode) {
    this.mode = mode;
    this.changed();
  }

  showNib() {
    Object.assign(this.nib.style, { left: `${this.at.x}px`, top: `${this.at.y}px`, width: `${this.size}px`, height: `${this.size}px` });
    this.nib.toggleAttribute("data-down", Boolean(this.stroke));
  }

  /** @returns {Promise<Blob>} a grey PNG of the picture's size with three values only: 0, 128, 255 */
  async toBlob() {
    const full = new OffscreenCanvas(this.width, this.height);
    const context = full.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(this.canvas, 0, 0, this.width, this.height);
    const image = context.getImageData(0, 0, this.width, this.height);
    for (let i = 0; i < image.data.length; i += 4) {
      const tone = image.data[i] < 64 ? 0 : image.data[i] < 192 ? 128 : 255;
      image.data.fill(tone, i, i + 3);
    }
    context.putImageData(image, 0, 0);
    return full.convertToBlob({ type: "image/png" });
  }
}
