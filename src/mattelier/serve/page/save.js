// Saving: a cut-out as a file at full size, with what was chosen behind it.

import { cut } from "./api.js";
import { stem } from "./picture.js";

/** @typedef {import("./queue.js").Item} Item @typedef {"png" | "webp" | "jpg" | "alpha"} Kind */

/**
 * The file to save. The plain PNG is here already; the server makes every other from the photo itself.
 * @param {Item} item @param {Kind} kind @param {import("./api.js").Order} extras background and crop
 * @returns {Promise<{name: string, blob: Blob}>}
 */
export async function fileOf(item, kind, extras) {
  const { file } = item.picture;
  if (kind === "png" && Object.keys(extras).length === 0) return { name: `${stem(file)}.cutout.png`, blob: item.answer.blob };
  const shape = kind === "alpha" ? { keep: "alpha", crop: extras.crop, format: "png" } : { ...extras, format: kind };
  const { blob } = await cut(file, file.name, { ...item.order, ...shape });
  return { name: kind === "alpha" ? `${stem(file)}.alpha.png` : `${stem(file)}.cutout.${kind}`, blob };
}

/** @param {{name: string, blob: Blob}} file */
export function download({ name, blob }) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // a browser may read it late
}

/** Whether this browser lets a page copy pictures; only on localhost and over https. */
export const canCopy = () => Boolean(navigator.clipboard?.write && globalThis.ClipboardItem);

/** @param {Promise<{blob: Blob}>} file a PNG; a promise, because some browsers want the call at once */
export function copy(file) {
  return navigator.clipboard.write([new ClipboardItem({ "image/png": file.then(({ blob }) => blob) })]);
}
