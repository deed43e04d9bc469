// The trimap panel: where a trimap comes from, and that it always says so.

import { cut } from "./api.js";
import { Brush } from "./brush.js";
import { load, sampleFile, stem } from "./picture.js";

/** @typedef {{blob: Blob, origin: string}} Trimap @typedef {import("./queue.js").Item} Item */

const BY_HAND = "painted by you";
const NONE = "there is none yet";

export class TrimapPanel {
  /**
   * @param {HTMLElement} panel @param {import("./stage.js").Stage} stage @param {import("./models.js").Models} models
   * @param {(words: string) => void} say @param {() => void} changed
   */
  constructor(panel, stage, models, say, changed) {
    const find = (id) => document.getElementById(id);
    Object.assign(this, { panel, stage, models, say, changed, origin: find("trimap-origin"), brushes: find("brushes") });
    Object.assign(this, { made: find("trimap-made"), sample: find("trimap-sample"), toggle: find("paint"), size: find("brush-size"), undo: find("undo"), redo: find("redo") });
    /** @type {Item | null} */ this.item = null;
    this.pane = stage.element.querySelector(".paint");
    this.brush = new Brush(find("trimap-canvas"), stage, this.pane.querySelector(".nib"), () => this.brushed());
    find("trimap-file").addEventListener("change", (event) => this.upload(event.target));
    this.made.addEventListener("click", () => this.make());
    this.sample.addEventListener("click", () => this.useSample());
    this.toggle.addEventListener("click", () => this.paint(!this.brush.active));
    this.undo.addEventListener("click", () => this.brush.undo());
    this.redo.addEventListener("click", () => this.brush.redo());
    this.size.addEventListener("input", () => this.brush.resize(Number(this.size.value)));
    panel.addEventListener("change", ({ target }) => target.name === "brush" && this.brush.choose(target.value));
  }

  /** @param {Item | null} item @param {boolean} wanted whether the chosen model takes a trimap */
  show(item, wanted) {
    if (this.item !== item || !wanted) this.paint(false);
    const isOther = this.item !== item;
    this.item = item;
    this.panel.hidden = !wanted;
    this.sample.hidden = !item?.picture.sample;
    this.made.disabled = !item || !this.models.automatic;
    this.toggle.disabled = !item?.picture.width;
    if (isOther) this.base = null;
    this.origin.textContent = item?.trimap?.origin ?? NONE;
  }

  /** @param {boolean} on */
  async paint(on) {
    if (on === this.brush.active || (on && !this.item)) return;
    this.toggle.setAttribute("aria-pressed", String(on));
    this.brushes.hidden = !on;
    this.pane.hidden = !on;
    this.brush.activate(on);
    if (!on) return;
    if (!this.base) {
      const { width, height } = this.item.picture;
      this.brush.clear(width, height);
      this.base = { origin: "" };
    }
    this.brushed();
    this.stage.element.focus();
    this.say("Painting. Arrow keys move the brush, Space lowers it.");
  }

  /** A trimap from elsewhere becomes the ground to paint on. @param {Blob} blob @param {string} origin */
  async take(blob, origin) {
    const { item } = this;
    const image = await load(URL.createObjectURL(blob)).catch(() => null);
    if (!image) return this.say("That file is no picture this browser can read; a trimap is a grey PNG.");
    const { width, height } = item.picture;
    this.brush.clear(width || image.naturalWidth, height || image.naturalHeight, image);
    this.base = { origin };
    item.trimap = { blob, origin };
    this.brushed();
    this.paint(true);
    this.say(`Trimap: ${origin}.`);
  }

  /** @param {HTMLInputElement} input */
  async upload(input) {
    const file = input.files[0];
    input.value = "";
    if (file && this.item) await this.take(file, `your file ${file.name}`);
  }

  async make() {
    const { item } = this;
    const model = this.models.automatic;
    this.say(`Asking ${model.name} for a trimap…`);
    try {
      const { file } = item.picture;
      const answer = await cut(file, file.name, { model: model.name, keep: "trimap", format: "png" });
      if (item === this.item) await this.take(answer.blob, `made from another system, ${answer.model}`);
    } catch (error) {
      this.say(error.message);
    }
  }

  async useSample() {
    const file = await sampleFile(`${stem(this.item.picture.file)}.trimap.png`);
    await this.take(file, "a sample that comes with this page, made with modnet-lite");
  }

  /** After every stroke, undo and change of brush. */
  brushed() {
    const { brush } = this;
    this.undo.disabled = !brush.strokes.length;
    this.redo.disabled = !brush.undone.length;
    this.size.value = String(brush.size);
    for (const input of this.panel.querySelectorAll("[name=brush]")) input.checked = input.value === brush.mode;
    const origin = [this.base?.origin, brush.strokes.length ? BY_HAND : ""].filter(Boolean).join(", then ");
    this.origin.textContent = origin || NONE;
    this.changed();
  }

  /** Whether there is anything to send. @returns {boolean} */
  get isReady() {
    return Boolean(this.item?.trimap) || (this.brush.active && this.brush.strokes.length > 0);
  }

  /** Makes what was painted the item's trimap. */
  async commit() {
    if (this.brush.active && this.brush.strokes.length) {
      this.item.trimap = { blob: await this.brush.toBlob(), origin: this.origin.textContent };
    }
  }
}
