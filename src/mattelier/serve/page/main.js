// The page: makes the parts and joins them. What each part does is in its own module.

import { catalogue, useKey } from "./api.js";
import { Backdrop } from "./backdrop.js";
import * as commands from "./commands.js";
import { Models } from "./models.js";
import { wirePanels } from "./panels.js";
import { load, open, sampleFile, subjectBox } from "./picture.js";
import { Queue } from "./queue.js";
import { canCopy, copy, download, fileOf } from "./save.js";
import { Slider } from "./slider.js";
import { Stage } from "./stage.js";
import { themeSwitch } from "./theme.js";
import { watchTimeline } from "./timeline.js";
import { TrimapPanel } from "./trimap.js";
import { zip } from "./zip.js";

/** @typedef {import("./queue.js").Item} Item */

const find = (id) => document.getElementById(id);
const say = (words) => (find("status").textContent = words);
const sayZoom = (words) => (find("stage-words").textContent = words);

const stage = new Stage(find("stage"), sayZoom);
const queue = new Queue(find("queue"));
const models = new Models(find("models"), update);
const backdrop = new Backdrop(find("settings"), find("stage").querySelector(".backdrop"), update);
/** @type {import("./panels.js").Panel[]} */ let panels = [];
const trimap = new TrimapPanel(find("trimap"), stage, models, say, update);

/** What the chosen model is asked for. @param {Item} item @returns {import("./api.js").Order} */
function orderOf(item) {
  const wants = new Set(models.chosen?.needs);
  return {
    model: models.chosen?.name,
    prompt: wants.has("words") ? find("words").value.trim() : undefined,
    trimap: wants.has("trimap") ? item.trimap?.blob : undefined,
    format: "png",
  };
}

/** Background and crop: what changes a saved file, but not the cut. */
const extras = () => ({ ...backdrop.order, ...(find("crop").checked ? { crop: "true" } : {}) });

/** Why the button cannot be pressed now, or "". @returns {string} */
function obstacle() {
  const wants = new Set(models.chosen?.needs);
  if (!models.all.length) return "The server has not said yet which models it has.";
  if (!models.chosen) return "No model's weights are installed on this server.";
  if (!queue.current) return "Choose a picture first.";
  if (wants.has("trimap") && !trimap.isReady) return "This model needs a trimap: upload, make or paint one.";
  if (wants.has("words") && !find("words").value.trim()) return "This model needs words: say what to keep.";
  return "";
}

/** @param {Item} item @returns {boolean} whether its cut-out is not what the settings would give now */
function isStale(item) {
  const order = orderOf(item);
  return item.state === "new" || item.state === "failed" || Object.keys(order).some((key) => order[key] !== item.order?.[key]);
}

/** What a press of the button would cut: all that is missing or old, or the current one again. @returns {Item[]} */
function toCut() {
  const wants = new Set(models.chosen?.needs);
  const hasHints = (item) => !wants.has("trimap") || item.trimap || (item === queue.current && trimap.isReady);
  const stale = queue.items.filter((item) => isStale(item) && hasHints(item));
  return stale.length || !queue.current ? stale : [queue.current];
}

/** Brings all controls in line with the state. */
function update() {
  const item = queue.current;
  const wants = new Set(models.chosen?.needs);
  find("words-field").hidden = !wants.has("words");
  if (trimap.item !== item || find("trimap").hidden === wants.has("trimap")) trimap.show(item, wants.has("trimap"));
  const why = obstacle();
  const { length } = toCut();
  find("go").disabled = Boolean(why);
  find("go").textContent = length > 1 ? `Cut out ${length} pictures` : item?.state === "done" ? "Cut again" : "Cut out";
  find("go-why").hidden = !why;
  find("go-why").textContent = why;
  const done = queue.items.filter((other) => other.state === "done");
  find("save").disabled = item?.state !== "done";
  find("zip").hidden = done.length < 2;
  find("zip").textContent = `All ${done.length} as ZIP`;
  find("save").querySelector("[data-save=jpg]").disabled = !backdrop.isSet;
  find("jpg-why").hidden = backdrop.isSet;
  for (const panel of panels) panel.name(Boolean(item));
  writeCommand();
}

function writeCommand() {
  const { file } = queue.current?.picture ?? { file: { name: "photo.jpg" } };
  const wants = new Set(models.chosen?.needs);
  const { background, background_image: picture } = backdrop.order;
  const recipe = {
    photo: file.name,
    model: models.chosen?.name,
    prompt: wants.has("words") ? find("words").value.trim() : "",
    trimap: wants.has("trimap") ? "trimap.png" : "",
    background,
    picture: picture?.name,
    crop: find("crop").checked,
  };
  const dialect = find("settings").querySelector("[name=dialect]:checked").value;
  find("command").textContent = commands[dialect](recipe, location.origin);
  find("copy-command").textContent = `Copy as ${dialect === "python" ? "Python" : dialect}`;
}

/** Shows the current item on the stage: its photo, and its cut-out when there is one. */
async function show() {
  const item = queue.current;
  find("viewer").hidden = !item;
  find("drop").classList.toggle("low", Boolean(item));
  backdrop.show(item?.picture.url ?? "");
  showNotes(item);
  if (!item) return;
  const { url, width, height } = item.picture;
  find("shot").src = width ? url : "";
  find("shot").hidden = !width;
  find("cutout").hidden = !item.url;
  find("stage").toggleAttribute("data-plain", !item.url || !width);
  find("stage").querySelector(".after").hidden = !item.url;
  find("blank").hidden = Boolean(width || item.url);
  if (!item.url) return stage.show(width || 1, height || 1);
  const cutout = await load(item.url);
  if (find("crop").checked) item.box ??= subjectBox(cutout);
  if (item !== queue.current) return; // another was chosen meanwhile
  find("cutout").src = item.url;
  stage.show(cutout.naturalWidth, cutout.naturalHeight, find("crop").checked ? item.box : undefined);
}

/** @param {Item | null} item */
function showNotes(item) {
  const notes = item?.answer?.notes ?? "";
  find("notes").hidden = !notes;
  find("notes").replaceChildren(...(notes ? [Object.assign(document.createElement("li"), { textContent: notes })] : []));
}

/** @param {File[]} files @param {string} [sample] */
async function add(files, sample = "") {
  if (!files.length) return;
  const items = [];
  for (const file of files) items.push(queue.add(await open(file, sample)));
  queue.select(items[0]);
  if (obstacle()) return say(obstacle());
  items.forEach((item) => queue.start(item, orderOf(item)));
  say(items.length > 1 ? `${items.length} pictures are in the queue.` : `Cutting ${items[0].picture.file.name}…`);
}

async function go() {
  if (obstacle()) return say(obstacle());
  await trimap.commit();
  trimap.paint(false);
  const items = toCut();
  items.forEach((item) => queue.start(item, orderOf(item)));
  say(items.length > 1 ? `Cutting ${items.length} pictures…` : `Cutting ${items[0].picture.file.name}…`);
}

/** Does what may fail, and says its sentence when it does. @param {() => Promise<string | void>} work what to say at the end */
async function attempt(work) {
  try {
    const words = await work();
    if (words) say(words);
  } catch (error) {
    say(error.message);
  }
}

/** @param {import("./save.js").Kind} kind */
function save(kind) {
  say("Making the file…");
  return attempt(async () => {
    const file = await fileOf(queue.current, kind, extras());
    download(file);
    return `Saved ${file.name}.`;
  });
}

function saveAll() {
  say("Making the ZIP…");
  return attempt(async () => {
    const files = [];
    for (const item of queue.items) if (item.state === "done") files.push(await fileOf(item, "png", extras()));
    download({ name: "cutouts.zip", blob: await zip(files) });
    return `Saved cutouts.zip with ${files.length} pictures.`;
  });
}

/** @param {import("./api.js").Model} model @param {string} words for a model that reads */
function runOnMine(model, words) {
  if (words) find("words").value = words;
  models.choose(model.name);
  find("try").scrollIntoView();
  if (!queue.current) {
    find("files").focus({ preventScroll: true });
    return say(`${model.name} is chosen. Now choose a picture.`);
  }
  find("go").focus({ preventScroll: true });
  return obstacle() ? say(obstacle()) : go();
}

/** What the panels run on: the picture on the stage, with the trimap that the visitor made for it. */
async function subject() {
  const item = queue.current;
  if (item && item === trimap.item) await trimap.commit();
  return item && { picture: item.picture, trimap: item.trimap };
}

function wireInput() {
  const table = document.querySelector(".table");
  find("files").addEventListener("change", ({ target }) => {
    const files = [...target.files];
    target.value = ""; // so that the same file can be chosen again
    add(files);
  });
  for (const button of document.querySelectorAll("[data-sample]")) {
    const { sample } = button.dataset;
    button.addEventListener("click", () => attempt(async () => add([await sampleFile(`${sample}.webp`)], sample)));
  }
  table.addEventListener("dragover", (event) => {
    event.preventDefault();
    table.classList.add("over");
    find("drop").classList.add("over");
  });
  for (const name of ["dragleave", "drop"]) {
    table.addEventListener(name, () => {
      table.classList.remove("over");
      find("drop").classList.remove("over");
    });
  }
  table.addEventListener("drop", (event) => {
    event.preventDefault();
    add([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => add([...(event.clipboardData?.files ?? [])]));
}

function wireTools() {
  new Slider(find("compare"), find("split"), find("stage"));
  find("zoom-in").addEventListener("click", () => stage.magnify(1.25));
  find("zoom-out").addEventListener("click", () => stage.magnify(0.8));
  find("zoom-fit").addEventListener("click", () => stage.fit());
  find("settings").addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });
  find("settings").addEventListener("input", () => update());
  find("key").addEventListener("input", ({ target }) => useKey(target.value));
  find("crop").addEventListener("change", () => show());
  for (const button of find("save").querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => save(button.dataset.save));
  }
  find("zip").addEventListener("click", saveAll);
  find("copy").hidden = !canCopy();
  find("copy").addEventListener("click", () => attempt(() => copy(fileOf(queue.current, "png", extras())).then(() => "Copied.")));
  find("copy-command").addEventListener("click", () =>
    attempt(() => navigator.clipboard.writeText(find("command").textContent).then(() => "Copied.")),
  );
}

/** A server that others can reach asks for a key; the page shows the field when it is needed. */
function askForKey() {
  find("key-field").hidden = false;
  find("key").focus();
}

function wireQueue() {
  queue.addEventListener("select", () => {
    show();
    update();
  });
  queue.addEventListener("change", ({ detail: item }) => {
    update();
    if (item === queue.current && item.state === "done") show();
    const { name } = item.picture.file;
    if (item.state === "done") say(`${name} is done, in ${item.answer.seconds.toFixed(1)} s, by ${item.answer.model}.`);
    if (item.state === "failed") say(`${name}: ${item.sentence}`);
    if (item.state === "failed" && item.status === 401) askForKey();
  });
}

async function start() {
  themeSwitch(find("theme"), find("theme-name"));
  watchTimeline(document.querySelector(".timeline"));
  find("bench").hidden = false;
  wireInput();
  wireTools();
  wireQueue();
  update();
  try {
    const { models: all } = await catalogue();
    const ready = all.filter((model) => model.ready);
    panels = wirePanels(ready, { current: subject, take: runOnMine, refused: () => (find("key-field").hidden = false) });
    models.show(all);
  } catch (error) {
    find("models").replaceChildren(Object.assign(document.createElement("p"), { textContent: error.message }));
    for (const state of document.querySelectorAll(".run-state")) state.textContent = error.message;
  }
}

start();
