// The stage: shows a picture, zooms and moves it. All sheets on it move together.

/** @typedef {import("./picture.js").Box} Box */

const [SMALLEST, LARGEST] = [0.02, 16];

export class Stage {
  /** @param {HTMLElement} element @param {(words: string) => void} say */
  constructor(element, say) {
    Object.assign(this, { element, say, pointers: new Map(), locked: false });
    /** @type {Box} */ this.box = { top: 0, left: 0, width: 1, height: 1 };
    Object.assign(this, { x: 0, y: 0, zoom: 1, fitted: true });
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("pointerdown", (event) => this.grab(event));
    element.addEventListener("pointermove", (event) => this.drag(event));
    for (const name of ["pointerup", "pointercancel"]) {
      element.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    }
    element.addEventListener("dblclick", (event) => this.near(event)); // for those who cannot drag
    element.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.fitted && this.fit()).observe(element);
  }

  /** Shows a picture of this size, or the part of it inside a box. @param {number} width @param {number} height @param {Box} [box] */
  show(width, height, box = { top: 0, left: 0, width, height }) {
    this.box = box;
    for (const sheet of this.element.querySelectorAll(".sheet")) {
      sheet.style.width = `${width}px`;
      sheet.style.height = `${height}px`;
      const right = width - box.left - box.width;
      const bottom = height - box.top - box.height;
      sheet.style.clipPath = `inset(${box.top}px ${right}px ${bottom}px ${box.left}px)`;
    }
    this.fit();
  }

  /** The whole box, as large as the stage allows, never more than twice its size. */
  fit() {
    const { clientWidth, clientHeight } = this.element;
    const { top, left, width, height } = this.box;
    this.zoom = Math.min((clientWidth - 24) / width, (clientHeight - 24) / height, 2);
    this.x = (clientWidth - width * this.zoom) / 2 - left * this.zoom;
    this.y = (clientHeight - height * this.zoom) / 2 - top * this.zoom;
    this.fitted = true;
    this.place();
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] the point that stays where it is, in the stage */
  magnify(factor, x = this.element.clientWidth / 2, y = this.element.clientHeight / 2) {
    const zoom = Math.min(LARGEST, Math.max(SMALLEST, this.zoom * factor));
    this.x = x - ((x - this.x) * zoom) / this.zoom;
    this.y = y - ((y - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
    this.fitted = false;
    this.place();
    this.say(`Zoom ${Math.round(100 * zoom)} %`);
  }

  /** @param {number} dx @param {number} dy */
  move(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.place();
  }

  place() {
    this.element.toggleAttribute("data-loose", !this.fitted);
    this.element.style.setProperty("--px", `${1 / this.zoom}px`); // one pixel of the screen, on a sheet
    for (const sheet of this.element.querySelectorAll(".sheet")) {
      sheet.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.zoom})`;
    }
  }

  /** A point of the window, in pixels of the picture. @param {{clientX: number, clientY: number}} event */
  toPicture({ clientX, clientY }) {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: (clientX - left - this.x) / this.zoom, y: (clientY - top - this.y) / this.zoom };
  }

  /** Only with Ctrl or ⌘ (as a pinch on a touchpad reports itself): the page must stay scrollable. @param {WheelEvent} event */
  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { left, top } = this.element.getBoundingClientRect();
    this.magnify(Math.exp(-event.deltaY / 200), event.clientX - left, event.clientY - top);
  }

  /** Brings a point closer. @param {MouseEvent} event */
  near(event) {
    const { left, top } = this.element.getBoundingClientRect();
    if (!this.locked) this.magnify(1.6, event.clientX - left, event.clientY - top);
  }

  /** @param {PointerEvent} event */
  grab(event) {
    this.pointers.set(event.pointerId, event);
    if (!this.locked && !this.fitted) this.element.setPointerCapture(event.pointerId);
  }

  /** One finger moves, two zoom. @param {PointerEvent} event */
  drag(event) {
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    this.pointers.set(event.pointerId, event);
    const others = [...this.pointers.values()].filter((other) => other.pointerId !== event.pointerId);
    if (others.length === 1) this.pinch(last, event, others[0]);
    else if (!this.locked && !this.fitted) this.move(event.clientX - last.clientX, event.clientY - last.clientY);
  }

  /** @param {PointerEvent} from @param {PointerEvent} to @param {PointerEvent} other */
  pinch(from, to, other) {
    const distance = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY) || 1;
    const { left, top } = this.element.getBoundingClientRect();
    this.magnify(distance(to) / distance(from), (to.clientX + other.clientX) / 2 - left, (to.clientY + other.clientY) / 2 - top);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const step = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    if (step && !this.locked) this.move(step[0], step[1]);
    else if (event.key === "+" || event.key === "=") this.magnify(1.25);
    else if (event.key === "-") this.magnify(0.8);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
  }
}
