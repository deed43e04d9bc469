// The server: what it can do, one cut, and one look at what a system says on its way. Every error is a Refusal that carries a sentence for the user.

/**
 * @typedef {object} Model
 * @property {string} name          the card's name
 * @property {string} system        which of the six systems it is
 * @property {string} pinned        NAME@DIGEST
 * @property {("image"|"trimap"|"words")[]} needs
 * @property {boolean} ready        its weights are installed
 * @property {string} licence
 * @property {number} size_bytes
 * @property {string[]} limits
 *
 * @typedef {object} Order          the fields of POST /api/cut
 * @property {string} [model]
 * @property {string} [prompt]
 * @property {Blob} [trimap]
 * @property {"rgba"|"alpha"|"foreground"|"trimap"} [keep]
 * @property {string} [background]
 * @property {File} [background_image]
 * @property {"png"|"webp"|"jpg"} [format]
 * @property {"true"} [crop]
 *
 * @typedef {{blob: Blob, model: string, seconds: number, notes: string}} Answer
 *
 * @typedef {{name: string, title: string, width: number, height: number, png: string}} Layer  png: base64
 * @typedef {object} Look           the answer of POST /api/look
 * @property {string} model         NAME@DIGEST
 * @property {"painted"|"glance"|null} trimap
 * @property {string|null} trimap_model  whose glance
 * @property {number} seconds
 * @property {string[]} notes
 * @property {string|null} doubt  a sentence where no subject was found
 * @property {Layer[]} layers       coarse to refined, the cut-out last
 */

export class Refusal extends Error {
  /** @param {string} sentence @param {number} [status] @param {number} [retryAfter] seconds, when the server is only busy */
  constructor(sentence, status = 0, retryAfter = 0) {
    super(sentence);
    Object.assign(this, { status, retryAfter });
  }
}

let key = ""; // of a server that asks for one; kept as long as the page is open

/** @param {string} text */
export const useKey = (text) => (key = text.trim());

export const SILENT = "The server does not answer. Is matte serve still running?";
const TRIES = 6; // of a server that is only busy

/** @returns {Promise<{models: Model[], systems: {system: string, ready: boolean, models: string[]}[]}>} */
export async function catalogue() {
  const answer = await fetch("/api/models").catch(() => {
    throw new Refusal(SILENT);
  });
  if (!answer.ok) throw refusal(answer.status, await answer.text(), null);
  return answer.json();
}

/**
 * Cuts one picture.
 * @param {Blob} photo @param {string} name @param {Order} order
 * @param {(sent: number) => void} [progress] the share of the upload that is done, 0 to 1
 * @returns {Promise<Answer>}
 */
export function cut(photo, name, order, progress = () => {}) {
  const form = formOf(photo, name, order);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch cannot tell how much of an upload is done
    request.open("POST", "/api/cut");
    request.responseType = "blob";
    request.upload.addEventListener("progress", (event) => progress(event.loaded / event.total));
    request.addEventListener("error", () => reject(new Refusal(SILENT)));
    request.addEventListener("load", async () => {
      if (request.status === 200) return resolve(answerOf(request));
      reject(refusal(request.status, await request.response.text(), request.getResponseHeader("Retry-After")));
    });
    if (key) request.setRequestHeader("X-Api-Key", key);
    request.send(form);
  });
}

/**
 * What a system says of one picture on its way to alpha.
 * @param {Blob} photo @param {string} name @param {{model: string, prompt?: string, trimap?: Blob | "glance"}} order
 * @param {AbortSignal} signal @returns {Promise<Look>}
 */
export async function look(photo, name, order, signal) {
  const headers = key ? { "X-Api-Key": key } : {};
  const answer = await fetch("/api/look", { method: "POST", body: formOf(photo, name, order), headers, signal }).catch((error) => {
    throw signal.aborted ? error : new Refusal(SILENT);
  });
  if (!answer.ok) throw refusal(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  return answer.json();
}

/** @param {Blob} photo @param {string} name @param {object} order @returns {FormData} */
function formOf(photo, name, order) {
  const form = new FormData();
  form.append("image", photo, name);
  for (const [field, value] of Object.entries(order)) if (value) form.append(field, value);
  return form;
}

/**
 * Asks again while the server is only busy.
 * @template T @param {() => Promise<T>} ask
 * @param {{signal?: AbortSignal, waiting?: (seconds: number) => void}} [how] waiting: told before every pause
 * @returns {Promise<T>}
 */
export async function patiently(ask, { signal, waiting = () => {} } = {}) {
  for (let left = TRIES; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Refusal) || !error.retryAfter || left === 1) throw error;
      const seconds = Math.min(error.retryAfter, 30);
      waiting(seconds);
      await pause(seconds, signal);
    }
  }
}

/** @param {number} seconds @param {AbortSignal} [signal] ends it early, with its reason */
function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, 1000 * seconds);
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

/** @param {XMLHttpRequest} request @returns {Answer} */
function answerOf(request) {
  const stages = JSON.parse(request.getResponseHeader("X-Mattelier-Seconds") ?? "{}");
  return {
    blob: request.response,
    model: request.getResponseHeader("X-Mattelier-Model") ?? "",
    seconds: Object.values(stages).reduce((sum, value) => sum + value, 0),
    notes: decodeURIComponent(request.getResponseHeader("X-Mattelier-Notes") ?? ""),
  };
}

/** @param {number} status @param {string} body @param {string | null} wait @returns {Refusal} */
function refusal(status, body, wait) {
  try {
    const sentence = JSON.parse(body).error.message;
    return new Refusal(sentence[0].toUpperCase() + sentence.slice(1), status, Number(wait ?? 0));
  } catch {
    return new Refusal(`The server answered with status ${status} and no sentence.`, status, Number(wait ?? 0));
  }
}
