// A strip: what one system says of one picture, frame by frame, and any of it larger.

/**
 * @typedef {object} Frame
 * @property {string} name
 * @property {string} words
 * @property {string} src       "": not here yet
 * @property {boolean} [isEarly] shown while the others are awaited; not yet to be opened
 * @property {number} [width]
 * @property {number} [height]
 * @property {string} [file]    the name to save it under
 */

const BEHIND = { checks: "Checks", white: "White", black: "Black", green: "Green" };
const COARSE = 100; // a layer narrower than this is shown in its own pixels

/** @param {string} tag @param {object} [facts] @param {...(Node | string)} children */
export function element(tag, facts = {}, ...children) {
  const made = Object.assign(document.createElement(tag), facts);
  made.append(...children);
  return made;
}

/** @param {Frame} frame @returns {string} the classes of its picture */
const look = ({ name, width }) => [name === "cut-out" && "clear", width < COARSE && "coarse"].filter(Boolean).join(" ");

export class Strip {
  /** @param {string} label for those who do not see it @param {string} system */
  constructor(label, system) {
    this.row = element("div", { className: "strip", tabIndex: 0 });
    this.row.setAttribute("role", "group");
    this.row.setAttribute("aria-label", label);
    this.behind = choice(system, (value) => (this.row.dataset.behind = value));
    this.element = element("div", { className: "look" }, this.row);
    /** @type {Frame[]} */ this.frames = [];
  }

  /** Frames of the size that the pictures will have, all or most of them empty. @param {Frame[]} frames @param {number} ratio width to height */
  open(frames, ratio) {
    this.row.style.setProperty("--frames", String(frames.length));
    this.shape(ratio);
    this.row.setAttribute("aria-busy", "true");
    this.row.scrollLeft = 0;
    this.show(frames);
  }

  /** @param {number} ratio */
  shape(ratio) {
    this.row.style.setProperty("--ratio", String(ratio));
  }

  /** @param {Frame[]} frames */
  show(frames) {
    this.frames = frames;
    this.row.replaceChildren(...frames.map((frame) => this.figure(frame)));
  }

  close() {
    this.row.setAttribute("aria-busy", "false");
  }

  /** @param {Frame} frame */
  figure(frame) {
    const caption = element("figcaption", {}, element("b", { textContent: frame.name }), ` ${frame.words}`);
    const image = element("img", { src: frame.src, alt: "", className: look(frame) });
    if (!frame.src || frame.isEarly) return element("figure", {}, element("div", { className: "frame" }, ...(frame.src ? [image] : [])), caption);
    const button = element("button", { type: "button", className: "frame" }, image);
    button.setAttribute("aria-label", `${frame.name}, larger`);
    button.addEventListener("click", () => enlarge(this, this.frames.indexOf(frame)));
    return element("figure", {}, button, caption);
  }
}

/** What lies behind the cut-out. @param {string} system @param {(value: string) => void} chosen */
function choice(system, chosen) {
  const options = Object.entries(BEHIND).map(([value, name], i) => {
    const input = element("input", { type: "radio", name: `behind-${system}`, value, checked: i === 0 });
    input.addEventListener("change", () => chosen(value));
    return element("label", {}, input, element("span", { textContent: name }));
  });
  return element("fieldset", { className: "behind" }, element("legend", { textContent: "Behind the cut-out" }), element("div", { className: "seg" }, ...options));
}

/** @type {HTMLDialogElement | undefined} one for all strips */
let dialog;

/** @param {Strip} strip @param {number} start */
function enlarge(strip, start) {
  dialog?.remove();
  const image = element("img", { alt: "" });
  const title = element("h2", { id: "larger" });
  const words = element("p");
  const save = element("a", { className: "button small", textContent: "Save as PNG" });
  let at = start;
  const show = (step) => {
    const { frames } = strip;
    at = (at + step + frames.length) % frames.length;
    const { name, src, words: told, width, height, file } = frames[at];
    Object.assign(image, { src, alt: name, className: look(frames[at]) });
    title.textContent = name;
    words.textContent = [told, width && `${width} × ${height}`].filter(Boolean).join(" · ");
    Object.assign(save, { href: src, download: file ?? "", hidden: !file });
  };
  const turn = (name, step) => {
    const button = element("button", { type: "button", className: "small", textContent: name });
    button.addEventListener("click", () => show(step));
    return button;
  };
  const close = element("button", { type: "button", className: "small", textContent: "Close", autofocus: true });
  close.addEventListener("click", () => dialog.close());
  const row = element("div", { className: "row" }, turn("Previous", -1), turn("Next", 1), save, close);
  dialog = element("dialog", { className: "larger" }, image, title, words, row);
  dialog.style.setProperty("--ratio", strip.row.style.getPropertyValue("--ratio"));
  dialog.dataset.behind = strip.row.dataset.behind ?? "checks";
  dialog.setAttribute("aria-labelledby", "larger");
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close()); // beside it
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft" || key === "ArrowRight") show(key === "ArrowLeft" ? -1 : 1);
  });
  show(0);
  document.body.append(dialog);
  dialog.showModal();
}
