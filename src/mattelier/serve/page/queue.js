// The queue: the pictures of this visit, each with its state; a few are cut at a time.

import { cut, patiently } from "./api.js";

/**
 * @typedef {object} Item
 * @property {import("./picture.js").Picture} picture
 * @property {"new"|"waiting"|"sending"|"cutting"|"done"|"failed"} state
 * @property {number} sent                                   share of the upload
 * @property {import("./api.js").Answer} [answer]
 * @property {string} [url]                                  of the cut-out
 * @property {import("./picture.js").Box} [box]              where its subject is
 * @property {import("./api.js").Order} [order]              what it was cut with
 * @property {string} sentence                               why it failed
 * @property {number} [status]                               of the answer that said so
 * @property {import("./trimap.js").Trimap} [trimap]
 */

const AT_ONCE = 2;
const WORDS = { new: "not cut yet", waiting: "waiting", sending: "sending", cutting: "cutting", done: "done", failed: "failed" };

export class Queue extends EventTarget {
  /** @param {HTMLElement} list */
  constructor(list) {
    super();
    /** @type {Item[]} */ this.items = [];
    /** @type {Item | null} */ this.current = null;
    /** @type {Item[]} */ this.waiting = [];
    Object.assign(this, { list, busy: 0 });
  }

  /** @param {import("./picture.js").Picture} picture @returns {Item} */
  add(picture) {
    const item = { picture, state: "new", sent: 0, sentence: "" };
    this.items.push(item);
    this.list.append(this.row(item));
    return item;
  }

  /** @param {Item | null} item */
  select(item) {
    this.current = item;
    this.items.forEach((other) => this.refresh(other));
    this.dispatchEvent(new CustomEvent("select", { detail: item }));
  }

  /** @param {Item} item */
  remove(item) {
    const place = this.items.indexOf(item);
    this.items.splice(place, 1);
    this.waiting = this.waiting.filter((other) => other !== item);
    this.list.children[place].remove();
    URL.revokeObjectURL(item.picture.url);
    if (item.url) URL.revokeObjectURL(item.url);
    if (this.current === item) this.select(this.items[Math.min(place, this.items.length - 1)] ?? null);
    else this.dispatchEvent(new CustomEvent("change", { detail: item }));
  }

  /** Cuts a picture when its turn comes. @param {Item} item @param {import("./api.js").Order} order */
  start(item, order) {
    if (["waiting", "sending", "cutting"].includes(item.state)) return;
    item.order = order;
    this.set(item, { state: "waiting", sentence: "", sent: 0 });
    this.waiting.push(item);
    this.pump();
  }

  pump() {
    while (this.busy < AT_ONCE && this.waiting.length) {
      this.busy++;
      this.work(this.waiting.shift()).finally(() => {
        this.busy--;
        this.pump();
      });
    }
  }

  /** @param {Item} item */
  async work(item) {
    this.set(item, { state: "sending" });
    const progress = (sent) => this.set(item, sent < 1 ? { sent } : { sent, state: "cutting" });
    try {
      const answer = await patiently(() => cut(item.picture.file, item.picture.file.name, item.order, progress));
      if (item.url) URL.revokeObjectURL(item.url);
      this.set(item, { state: "done", answer, url: URL.createObjectURL(answer.blob), box: undefined });
    } catch (error) {
      this.set(item, { state: "failed", sentence: error.message, status: error.status });
    }
  }

  /** @param {Item} item @param {Partial<Item>} facts */
  set(item, facts) {
    Object.assign(item, facts);
    if (!this.items.includes(item)) return; // removed while it was being cut
    this.refresh(item);
    this.dispatchEvent(new CustomEvent("change", { detail: item }));
  }

  /** @param {Item} item @returns {HTMLLIElement} */
  row(item) {
    const { picture } = item;
    const row = document.createElement("li");
    const pick = element("button", "pick");
    const name = element("span", "name", picture.file.name);
    pick.append(picture.width ? thumb(picture.url) : element("span", "thumb"), name, element("span", "state"));
    pick.addEventListener("click", () => this.select(item));
    const away = element("button", "away", "×");
    away.setAttribute("aria-label", `Remove ${picture.file.name}`);
    away.addEventListener("click", () => this.remove(item));
    for (const button of [pick, away]) button.type = "button";
    row.append(pick, away);
    return row;
  }

  /** @param {Item} item */
  refresh(item) {
    const row = this.list.children[this.items.indexOf(item)];
    row.dataset.state = item.state;
    const pick = row.querySelector(".pick");
    pick.setAttribute("aria-current", String(item === this.current));
    row.querySelector(".state").textContent = item.state === "sending" ? `sending ${Math.round(100 * item.sent)} %` : WORDS[item.state];
    const isBusy = item.state === "sending" || item.state === "cutting";
    row.querySelector("progress")?.remove();
    if (isBusy) pick.append(bar(item));
    row.querySelector(".sentence")?.remove();
    if (item.sentence) row.append(element("p", "sentence", item.sentence));
  }
}

/** @param {string} tag @param {string} name @param {string} [words] */
function element(tag, name, words = "") {
  return Object.assign(document.createElement(tag), { className: name, textContent: words });
}

/** @param {string} url */
const thumb = (url) => Object.assign(new Image(), { src: url, alt: "" });

/** @param {Item} item */
function bar(item) {
  const progress = Object.assign(document.createElement("progress"), { className: "bar", max: 1 });
  if (item.state === "sending") progress.value = item.sent; // without a value: at work, end unknown
  progress.setAttribute("aria-label", `${item.picture.file.name}, ${WORDS[item.state]}`);
  return progress;
}
