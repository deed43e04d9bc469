// Before and after: a range input, and a handle on the picture that moves with it.

export class Slider {
  /** @param {HTMLInputElement} range @param {HTMLElement} handle @param {HTMLElement} stage */
  constructor(range, handle, stage) {
    Object.assign(this, { range, stage });
    range.addEventListener("input", () => this.show());
    handle.addEventListener("pointerdown", (event) => {
      event.stopPropagation(); // or the stage would pan
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const { left, width } = stage.getBoundingClientRect();
      this.set((100 * (event.clientX - left)) / width);
    });
    this.show();
  }

  /** @param {number} percent how much of the photo to show */
  set(percent) {
    this.range.value = String(percent);
    this.show();
  }

  show() {
    const { value } = this.range;
    this.range.setAttribute("aria-valuetext", `${Math.round(Number(value))} % photo`);
    this.stage.style.setProperty("--split", `${value}%`);
  }
}
