// Which systems run here: the choice of a model in the tool.

/** @typedef {import("./api.js").Model} Model */

const NEEDS = { image: "a photo", trimap: "a trimap", words: "words" };

const size = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** @param {Model} model */
export const needs = (model) => `Needs ${model.needs.map((need) => NEEDS[need] ?? need).join(" and ")}`;

export class Models {
  /** @param {HTMLElement} box @param {() => void} changed */
  constructor(box, changed) {
    Object.assign(this, { box, changed });
    /** @type {Model[]} */ this.all = [];
  }

  /** @returns {Model[]} */
  get ready() {
    return this.all.filter((model) => model.ready);
  }

  /** @returns {Model | undefined} */
  get chosen() {
    const { value } = this.box.querySelector("input:checked") ?? {};
    return this.all.find((model) => model.name === value);
  }

  /** The first that finds a subject from the photo alone. @returns {Model | undefined} */
  get automatic() {
    return this.ready.find((model) => model.needs.every((need) => need === "image"));
  }

  /** @param {Model[]} all */
  show(all) {
    this.all = all;
    const first = this.automatic ?? this.ready[0];
    this.box.replaceChildren(...this.ready.map((model) => this.option(model, model === first)), ...absent(all));
    this.changed();
  }

  /** @param {Model} model @param {boolean} checked */
  option(model, checked) {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "model", value: model.name, checked });
    input.addEventListener("change", () => this.changed());
    label.append(input, words("span", model.name), words("small", `${needs(model)} · ${size(model.size_bytes)} · ${model.licence}`));
    if (!model.limits.length) return label;
    const limits = document.createElement("details");
    limits.append(words("summary", "What it does badly"), words("p", `${model.limits.join("; ")}.`));
    const group = document.createElement("div");
    group.append(label, limits);
    return group;
  }

  /** @param {string} name */
  choose(name) {
    for (const input of this.box.querySelectorAll("input")) input.checked = input.value === name;
    this.changed();
  }
}

/** @param {string} tag @param {string} text */
const words = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });

/** @param {Model[]} all */
function absent(all) {
  const names = all.filter((model) => !model.ready).map((model) => model.name);
  return names.length ? [words("p", `Known, but their weights are not here yet: ${names.join(", ")}.`)] : [];
}
