/*
 * drop.js - from what somebody dropped or chose to archives that can be uploaded.
 *
 * A ZIP is taken as it is. A folder with a plugin.py is packed; any other folder stands for the ZIPs
 * and plugin folders in it, as with `larder upload`. What tools leave behind is left out: hidden
 * files, __pycache__, compiled files. Nothing is sent from here.
 */
import { zip } from "./zip.js";

const MOST_FILES = 10000;
const DEEPEST = 12;

const isLeftOut = (name) => name.startsWith(".") || name === "__pycache__" || name === "__MACOSX" || name.endsWith(".pyc");
const isZip = (name) => name.toLowerCase().endsWith(".zip");

/* ---- nodes: {name, file: async () => File} or {name, children: async () => nodes} ------------------ */

async function readAll(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); /* at most 100 at once */
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function nodeOfEntry(entry) {
  if (entry.isFile) return { name: entry.name, file: () => new Promise((resolve, reject) => entry.file(resolve, reject)) };
  return { name: entry.name, children: async () => (await readAll(entry)).map(nodeOfEntry) };
}

/* What a drop holds; the event's own list is gone once it has been handled. */
export const nodesOfEntries = (entries) => entries.map(nodeOfEntry);

/* The files of an <input>, single or with the folders they were in. */
export function nodesOfFiles(files) {
  const root = new Map();
  for (const file of files) {
    const names = (file.webkitRelativePath || file.name).split("/");
    let at = root;
    for (const name of names.slice(0, -1)) {
      if (!at.has(name)) at.set(name, new Map());
      at = at.get(name);
    }
    at.set(names[names.length - 1], file);
  }
  const walk = (map) =>
    [...map].map(([name, value]) => (value instanceof Map ? { name, children: async () => walk(value) } : { name, file: async () => value }));
  return walk(root);
}

/* ---- packing --------------------------------------------------------------------------------------- */

async function gather(nodes, prefix, out, depth) {
  for (const node of nodes) {
    if (isLeftOut(node.name) || depth > DEEPEST) continue;
    if (out.length >= MOST_FILES) return;
    if (node.children) await gather(await node.children(), `${prefix}${node.name}/`, out, depth + 1);
    else out.push({ name: prefix + node.name, bytes: new Uint8Array(await (await node.file()).arrayBuffer()) });
  }
}

async function pack(folder, children) {
  const files = [];
  await gather(children, "", files, 0);
  return { name: `${folder}.zip`, blob: zip(files) };
}

async function unfold(node, out, depth) {
  if (node.file) {
    if (isZip(node.name)) out.push({ name: node.name, blob: await node.file() });
    return;
  }
  const children = await node.children();
  if (children.some((one) => one.file && one.name === "plugin.py")) out.push(await pack(node.name, children));
  else if (depth < DEEPEST) for (const one of children) if (!isLeftOut(one.name)) await unfold(one, out, depth + 1);
}

/* [{name, blob}], in the order of their names. */
export async function archivesOf(nodes) {
  const out = [];
  for (const node of nodes) await unfold(node, out, 0);
  return out.sort((a, b) => a.name.localeCompare(b.name));
}
