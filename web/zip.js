/*
 * zip.js - a writer of ZIP archives, for plugin folders that are dropped on the page.
 *
 * Members are stored, not compressed: packages are small, and the server reads them either way. The
 * same files give the same bytes (sorted names, the fixed time 1980-01-01), as with `larder upload
 * DIR`, so that uploading a folder twice is uploading the same thing. It never reads an archive.
 */
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let i = 0; i < 8; i++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function crc32(bytes) {
  let value = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) value = TABLE[(value ^ bytes[i]) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

const DATE = 0x21; // 1980-01-01
const UTF8 = 0x800;
const UNIX_FILE = 0o100644;

/* Numbers of a record, little end first: [value, bytes]. */
function record(...fields) {
  const out = new Uint8Array(fields.reduce((sum, [, size]) => sum + size, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [value, size] of fields) {
    if (size === 4) view.setUint32(at, value, true);
    else view.setUint16(at, value, true);
    at += size;
  }
  return out;
}

/* What the local and the central record of a member share. */
const facts = (one) => [[20, 2], [one.flags, 2], [0, 2], [0, 2], [DATE, 2], [one.crc, 4], [one.bytes.length, 4], [one.bytes.length, 4],
  [one.name.length, 2], [0, 2]];

const local = (one) => record([0x04034b50, 4], ...facts(one));

const central = (one) =>
  record([0x02014b50, 4], [(3 << 8) | 20, 2], ...facts(one), [0, 2], [0, 2], [0, 2], [(UNIX_FILE << 16) >>> 0, 4], [one.at, 4]);

/* files: [{name, bytes: Uint8Array}]; gives a Blob. */
export function zip(files) {
  const encoder = new TextEncoder();
  const members = files
    .map(({ name, bytes }) => ({ name: encoder.encode(name), flags: /^[\x20-\x7e]*$/.test(name) ? 0 : UTF8, sort: name, bytes, crc: crc32(bytes) }))
    .sort((a, b) => (a.sort < b.sort ? -1 : 1));
  const parts = [];
  let at = 0;
  const add = (...pieces) => {
    for (const piece of pieces) {
      parts.push(piece);
      at += piece.length;
    }
  };
  for (const one of members) {
    one.at = at;
    add(local(one), one.name, one.bytes);
  }
  const start = at;
  for (const one of members) add(central(one), one.name);
  const end = record([0x06054b50, 4], [0, 2], [0, 2], [members.length, 2], [members.length, 2], [at - start, 4], [start, 4], [0, 2]);
  return new Blob([...parts, end], { type: "application/zip" });
}
