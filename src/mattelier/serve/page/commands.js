// The same cut without this page: as a command, in Python, with curl. Pure functions of the options.

/**
 * @typedef {object} Recipe
 * @property {string} photo        file name
 * @property {string} [model]
 * @property {string} [prompt]
 * @property {string} [trimap]     file name
 * @property {string} [background] a colour or blur:N
 * @property {string} [picture]    file name of a background
 * @property {boolean} crop
 */

/** A word for a POSIX shell. @param {string} text */
const shell = (text) => (/^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);

/** @param {string} photo */
const target = (photo) => `${photo.replace(/\.[^.]+$/, "")}.cutout.png`;

/** @param {Recipe} recipe @returns {string} */
export function command(recipe) {
  const behind = recipe.picture ?? recipe.background;
  const options = [["-o", target(recipe.photo)], ["--model", recipe.model], ["--trimap", recipe.trimap], ["--prompt", recipe.prompt], ["--background", behind]];
  const given = options.filter(([, value]) => value).map(([name, value]) => `${name} ${shell(value)}`);
  const line = `matte cut ${[shell(recipe.photo), ...given].join(" ")}`;
  return recipe.crop ? `${line}\n# the command does not crop; Python and curl do` : line;
}

/** @param {Recipe} recipe @returns {string} */
export function python(recipe) {
  const text = JSON.stringify;
  const hints = [["model", recipe.model], ["trimap", recipe.trimap], ["prompt", recipe.prompt]].filter(([, value]) => value);
  const call = [text(recipe.photo), ...hints.map(([name, value]) => `${name}=${text(value)}`)].join(", ");
  const behind = recipe.picture ?? recipe.background;
  const picture = behind ? `cutout.over(${text(behind)})` : "cutout.image()";
  const crop = recipe.crop ? ".crop(cutout.image().getbbox())" : "";
  return `import mattelier\n\ncutout = mattelier.cut(${call})\n${picture}${crop}.save(${text(target(recipe.photo))})`;
}

/** @param {Recipe} recipe @param {string} origin of the server @returns {string} */
export function curl(recipe, origin) {
  const file = (name) => name && `@${name}`;
  const fields = [["image", file(recipe.photo)], ["model", recipe.model], ["trimap", file(recipe.trimap)], ["prompt", recipe.prompt], ["background", recipe.background], ["background_image", file(recipe.picture)], ["crop", recipe.crop && "true"]];
  // a prompt may begin with @, which -F would take for a file
  const flag = (name) => (name === "prompt" ? "--form-string" : "-F");
  const given = fields.filter(([, value]) => value).map(([name, value]) => `${flag(name)} ${shell(`${name}=${value}`)}`);
  return `curl ${given.join(" ")} ${origin}/api/cut -o ${shell(target(recipe.photo))}`;
}
