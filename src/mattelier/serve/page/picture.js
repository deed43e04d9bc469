// A picture that the user brought: its file, its size, and where its subject is.

import { Refusal, SILENT } from "./api.js";

/**
 * @typedef {{top: number, left: number, width: number, height: number}} Box  in pixels of the picture
 * @typedef {object} Picture
 * @property {File} file
 * @property {string} url       for an <img>
 * @property {number} width     0 when this browser cannot show the file
 * @property {number} height
 * @property {string} sample    the name of one of ours, or ""
 */

/** @param {File} file @param {string} [sample] @returns {Promise<Picture>} */
export async function open(file, sample = "") {
  const url = URL.createObjectURL(file);
  const image = await load(url).catch(() => null);
  return { file, url, width: image?.naturalWidth ?? 0, height: image?.naturalHeight ?? 0, sample };
}

/** @param {string} url @returns {Promise<HTMLImageElement>} */
export async function load(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** @param {string} name @returns {Promise<File>} one of the page's own pictures */
export async function sampleFile(name) {
  const answer = await fetch(`/page/samples/${name}`).catch(() => {
    throw new Refusal(SILENT);
  });
  return new File([await answer.blob()], name, { type: answer.headers.get("Content-Type") ?? "" });
}

/** @param {File} file @returns {string} its name without the ending */
export const stem = (file) => file.name.replace(/\.[^.]+$/, "") || "picture";

/**
 * The smallest box around all that is not fully transparent.
 * @param {HTMLImageElement} cutout @returns {Box}
 */
export function subjectBox(cutout) {
  const [width, height] = [cutout.naturalWidth, cutout.naturalHeight];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(cutout, 0, 0);
  const alpha = context.getImageData(0, 0, width, height).data;
  let [top, left, bottom, right] = [height, width, 0, 0];
  for (let y = 0, i = 3; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      if (alpha[i] === 0) continue;
      if (y < top) top = y;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      bottom = y + 1;
    }
  }
  return { top, left, width: right - left, height: bottom - top };
}
