// What lies behind the subject: nothing, a colour, a picture, or the photo blurred. Shown at once, made by the server.

export class Backdrop {
  /** @param {HTMLElement} form @param {HTMLElement} element on the stage @param {() => void} changed */
  constructor(form, element, changed) {
    Object.assign(this, { form, element, changed, photo: "", url: "" });
    const find = (id) => form.querySelector(`#${id}`);
    Object.assign(this, { colour: find("colour"), file: find("backdrop-file"), blur: find("blur"), name: find("backdrop-name"), px: find("blur-px") });
    for (const input of [this.colour, this.blur, this.file]) input.addEventListener("input", () => this.show());
    for (const input of form.querySelectorAll("[name=background]")) input.addEventListener("change", () => this.show());
  }

  /** @returns {"none" | "colour" | "picture" | "blur"} */
  get kind() {
    return this.form.querySelector("[name=background]:checked").value;
  }

  /** @returns {import("./api.js").Order} the fields of the request that mean this background */
  get order() {
    const [picture] = this.file.files;
    if (this.kind === "colour") return { background: this.colour.value };
    if (this.kind === "blur") return { background: `blur:${this.blur.value}` };
    return this.kind === "picture" && picture ? { background_image: picture } : {};
  }

  /** @returns {boolean} whether there is a background, as JPG needs one */
  get isSet() {
    return Object.keys(this.order).length > 0;
  }

  /** @param {string} photo the URL of the picture on the stage */
  show(photo = this.photo) {
    this.photo = photo;
    for (const part of this.form.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== this.kind;
    this.name.textContent = this.file.files[0]?.name ?? "none yet";
    this.px.textContent = `${this.blur.value} px`;
    this.element.style.background = this.kind === "colour" ? this.colour.value : "";
    this.element.replaceChildren(...this.image());
    this.changed();
  }

  /** @returns {HTMLImageElement[]} none, or the one picture that lies behind */
  image() {
    URL.revokeObjectURL(this.url);
    this.url = this.kind === "picture" && this.isSet ? URL.createObjectURL(this.file.files[0]) : "";
    const src = this.url || (this.kind === "blur" ? this.photo : "");
    if (!src) return [];
    const image = Object.assign(new Image(), { src, alt: "" });
    if (this.kind === "blur") image.style.filter = `blur(${this.blur.value}px)`;
    return [image];
  }
}
