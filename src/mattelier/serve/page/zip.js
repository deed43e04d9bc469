// A ZIP of files that are compressed already: stored, not deflated. PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.16.

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** @param {Uint8Array} bytes @returns {number} CRC-32, as in ISO 3309 */
export function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ CRC[(value ^ byte) & 0xff];
  return (value ^ 0xffffffff) >>> 0;
}

/** @param {string[]} names @returns {string[]} the same, with a number in those that came before */
export function unique(names) {
  const seen = new Set();
  return names.map((name) => {
    const [, start, end] = /^(.*?)((?:\.[^.]*)*)$/s.exec(name);
    let free = name;
    for (let count = 2; seen.has(free); count++) free = `${start}-${count}${end}`;
    seen.add(free);
    return free;
  });
}

/** @param {{name: string, blob: Blob}[]} files at most 65,535, less than 4 GB together @returns {Promise<Blob>} */
export async function zip(files) {
  const [parts, directory] = [[], []];
  const names = unique(files.map((file) => file.name));
  let offset = 0;
  for (const [i, { blob }] of files.entries()) {
    const name = new TextEncoder().encode(names[i]);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    // version 2.0; bit 11: UTF-8 names; stored; no time, 1 January 1980; CRC, two sizes, lengths of name and extra
    const facts = [[20, 2], [0x800, 2], [0, 2], [0, 2], [0x21, 2], [crc32(bytes), 4], [bytes.length, 4], [bytes.length, 4], [name.length, 2], [0, 2]];
    const head = record([[0x04034b50, 4], ...facts]);
    parts.push(head, name, bytes);
    directory.push(record([[0x02014b50, 4], [20, 2], ...facts, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]]), name);
    offset += head.length + name.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = record([[0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [offset, 4], [0, 2]]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** @param {number[][]} fields value and length in bytes, little-endian @returns {Uint8Array} */
function record(fields) {
  return Uint8Array.from(fields.flatMap(([value, length]) => Array.from({ length }, (_, i) => (value >>> (8 * i)) & 0xff)));
}
