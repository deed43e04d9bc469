// The panel of every system: a picture goes through that system, and what it says on its way comes back as a strip.

import { look, patiently } from "./api.js";
import { needs } from "./models.js";
import { load, open, sampleFile, stem } from "./picture.js";
import { element, Strip } from "./strip.js";

/**
 * @typedef {import("./api.js").Model} Model
 * @typedef {import("./picture.js").Picture} Picture
 * @typedef {{picture: Picture, trimap?: import("./trimap.js").Trimap}} Subject  a picture and what was painted for it
 * @typedef {object} Page
 * @property {() => Promise<Subject | null>} current  the visitor's picture, if there is one
 * @property {(model: Model, words: string) => void} take  chooses the system in the tool
 * @property {() => void} refused                     a key is missing
 */

// What each answers, in its paper's order, and what the strip calls it.
const FRAMES = {
  dim: { photo: "photo", trimap: "trimap", coarse: "coarse", alpha: "refined", "cut-out": "cut-out" },
  fba: { photo: "photo", trimap: "trimap", alpha: "alpha", foreground: "foreground", background: "background", "cut-out": "cut-out" },
  gfm: { photo: "photo", glance: "glance", focus: "focus", alpha: "alpha", "cut-out": "cut-out" },
  modnet: { photo: "photo", semantic: "semantic", detail: "detail", alpha: "fused", "cut-out": "cut-out" },
  matteformer: { photo: "photo", trimap: "trimap", os8: "os8", os4: "os4", os1: "os1", alpha: "merged", "cut-out": "cut-out" },
  clipmat: { photo: "photo", pointing: "pointing", trimap: "trimap", detail: "detail", alpha: "alpha", "cut-out": "cut-out" },
};
const SAMPLES = { clipmat: "chelsea" }; // the cat of its example; the others take the first sample
const ABSENT = "Its weights are not here yet, so it does not run.";

export class Panel {
  /** @param {HTMLFormElement} form @param {Model | undefined} model that runs here @param {Page} page */
  constructor(form, model, page) {
    Object.assign(this, { form, model, page, system: form.dataset.system, button: form.querySelector("button") });
    this.state = form.querySelector(".run-state");
    this.words = form.querySelector("input");
    this.button.disabled = !model;
    if (this.words) this.words.disabled = !model;
    this.say(model ? `Runs here as ${model.name}. ${needs(model)}.` : ABSENT);
    this.state.setAttribute("aria-live", "polite");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (model && !this.stop) this.run();
    });
    if (model) this.equip();
  }

  equip() {
    const make = (words) => element("button", { type: "button", textContent: words });
    this.cancel = Object.assign(make("Cancel"), { hidden: true });
    this.cancel.addEventListener("click", () => this.stop.abort());
    const take = make("Use it in the tool");
    take.addEventListener("click", () => this.page.take(this.model, this.words?.value ?? ""));
    this.button.after(this.cancel, take);
    const name = this.form.closest("article").querySelector("h3").textContent;
    this.strip = new Strip(`${name}, step by step`, this.system);
    this.facts = element("p", { className: "look-facts" });
    this.strip.element.append(element("div", { className: "look-foot" }, this.facts, this.strip.behind));
  }

  /** @param {boolean} has whether the visitor has brought a picture */
  name(has) {
    if (this.model) this.button.textContent = has ? "Run it on my picture" : "Run it on a sample";
  }

  /** @param {string} words @param {boolean} [isAlarm] */
  say(words, isAlarm = false) {
    this.state.textContent = words;
    this.state.classList.toggle("alarm", isAlarm);
  }

  async run() {
    this.stop = new AbortController();
    this.cancel.hidden = false;
    this.form.toggleAttribute("data-busy", true); // aria-busy would silence what is said in it
    try {
      await this.work(this.stop.signal);
    } catch (error) {
      this.say(this.stop.signal.aborted ? "Cancelled." : error.message, !this.stop.signal.aborted);
      if (error.status === 401) this.page.refused();
    }
    if (document.activeElement === this.cancel) this.button.focus(); // it goes away now
    this.cancel.hidden = true;
    this.form.toggleAttribute("data-busy", false);
    this.strip.close();
    this.stop = null;
  }

  /** @param {AbortSignal} signal */
  async work(signal) {
    const subject = await this.subject();
    const { file, width, height } = subject.picture;
    const running = `Running ${this.model.name} on ${file.name}…`;
    this.say(running);
    this.facts.textContent = "";
    const photo = this.photo(subject.picture);
    const awaited = Object.entries(FRAMES[this.system]).filter(([key]) => key !== "photo");
    const empty = awaited.map(([, name]) => ({ name, words: "", src: "" }));
    this.strip.open([...photo.map((frame) => ({ ...frame, isEarly: true })), ...empty], width ? width / height : 4 / 3);
    if (!this.strip.element.isConnected) this.form.after(this.strip.element);
    const waiting = (seconds) => this.say(`The server is busy. Asking again in ${seconds} s…`);
    const ask = () => (this.say(running), look(file, file.name, this.order(subject), signal));
    const answer = await patiently(ask, { signal, waiting });
    await this.show(subject, answer, photo);
  }

  /** The photo's own frame, unless this browser cannot show the file. @param {Picture} picture */
  photo({ file, width, height, sample }) {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(file); // its own: the queue may forget the picture
    return width ? [{ name: "photo", words: sample ? "a sample" : "yours", src: this.url, width, height }] : [];
  }

  /** @param {Subject} subject */
  order({ trimap }) {
    const wants = new Set(this.model.needs);
    return {
      model: this.model.name,
      prompt: wants.has("words") ? this.words.value.trim() : undefined,
      trimap: wants.has("trimap") ? trimap?.blob ?? "glance" : undefined,
    };
  }

  /** The visitor's picture, or a sample where there is none yet. @returns {Promise<Subject>} */
  async subject() {
    const own = await this.page.current();
    if (own) return own;
    const sample = SAMPLES[this.system] ?? "astronaut";
    this.sample ??= await open(await sampleFile(`${sample}.webp`), sample);
    return { picture: this.sample };
  }

  /** @param {Subject} subject @param {import("./api.js").Look} answer @param {import("./strip.js").Frame[]} photo */
  async show(subject, answer, photo) {
    const { file } = subject.picture;
    const called = FRAMES[this.system];
    const frames = answer.layers.map(({ name, title, png, ...size }) => ({
      name: called[name] ?? name,
      words: title.replace(/^[^:]*: /, ""),
      src: `data:image/png;base64,${png}`,
      file: `${stem(file)}.${this.system}.${name}.png`,
      ...size,
    }));
    await Promise.all(frames.map((frame) => load(frame.src)));
    if (!photo.length) this.strip.shape(frames.at(-1).width / frames.at(-1).height); // known only now
    this.strip.show([...photo, ...frames]);
    this.say(answer.doubt ? sentence(answer.doubt) : `Done in ${answer.seconds.toFixed(2)} s.`, Boolean(answer.doubt));
    this.facts.textContent = this.account(subject, answer);
  }

  /** What was run on what. @param {Subject} subject @param {import("./api.js").Look} answer @returns {string} */
  account({ picture, trimap }, answer) {
    const { width, height } = answer.layers.at(-1);
    const missing = Object.entries(FRAMES[this.system]).filter(([key]) => key !== "photo" && !answer.layers.some(({ name }) => name === key));
    return [
      `${answer.model} on ${picture.file.name}, ${answer.seconds.toFixed(2)} s at ${width} × ${height}, the network's own size.`,
      answer.trimap === "glance" && `Nobody painted this trimap: it was made from ${short(answer.trimap_model)}'s glance.`,
      answer.trimap === "painted" && `Trimap: ${trimap.origin}.`,
      ...answer.notes.map(sentence),
      missing.length && `These weights do not answer ${missing.map(([, name]) => name).join(" and ")}.`,
    ].filter(Boolean).join(" ");
  }
}

/** @param {Model[]} ready @param {Page} page @returns {Panel[]} one a system, in the page's order */
export function wirePanels(ready, page) {
  const forms = [...document.querySelectorAll(".run")];
  return forms.map((form) => new Panel(form, ready.find((model) => model.system === form.dataset.system), page));
}

/** A model's name as people say it. @param {string} pinned NAME@DIGEST */
const short = (pinned) => pinned.replace(/[.@].*$/, "");

/** @param {string} words */
const sentence = (words) => words[0].toUpperCase() + words.slice(1);
