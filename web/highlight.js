/*
 * highlight.js - what the words of a source file are: for a little colour, not for understanding.
 *
 *   linesOf(text, name) -> [[{kind, text}, ...], ...]   one array per line; kind "" is plain
 *
 * kinds: comment, string, number, word (keywords), name (what is defined), mark (decorators, keys,
 * headings). It knows Python, JSON and Markdown by the ending of the file's name; anything else is
 * plain. It makes no markup: views draw the pieces as text. Long lines and long files stay plain.
 */
const LONGEST_TEXT = 200000;
const LONGEST_LINE = 1000;

const PYTHON_WORDS =
  "False None True and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield";
const words = new Set(PYTHON_WORDS.split(" "));

/* Each rule is tried where the last one ended; the first that fits wins. Open strings end with the text. */
const python = [
  ["comment", /#[^\n]*/y],
  ["string", /[rbfuRBFU]{0,2}("""|''')(?:\\[\s\S]|(?!\1)[\s\S])*(?:\1|$)/y],
  ["string", /[rbfuRBFU]{0,2}(?:"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)/y],
  ["mark", /@[A-Za-z_][\w.]*/y],
  ["number", /\b(?:0[xXoObB][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?j?)\b/y],
  ["word", /[A-Za-z_]\w*/y],
  ["", /[^\w"'#@]+|[\s\S]/y],
];

const json = [
  ["mark", /"(?:\\.|[^"\\\n])*"(?=\s*:)/y],
  ["string", /"(?:\\.|[^"\\\n])*"?/y],
  ["number", /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y],
  ["word", /\b(?:true|false|null)\b/y],
  ["", /[^"\d\w-]+|\w+|[\s\S]/y],
];

/* The first rule of a name after "def" or "class" makes it a definition; other names are plain. */
function kindOfWord(text, before) {
  if (words.has(text)) return "word";
  return before === "def" || before === "class" ? "name" : "";
}

function scan(text, rules) {
  const out = [];
  let before = "";
  for (let at = 0; at < text.length; ) {
    for (const [kind, rule] of rules) {
      rule.lastIndex = at;
      const found = rule.exec(text);
      if (!found || found[0] === "") continue;
      const named = rules === python && kind === "word";
      out.push({ kind: named ? kindOfWord(found[0], before) : kind, text: found[0] });
      if (named) before = found[0];
      else if (found[0].trim()) before = "";
      at += found[0].length;
      break;
    }
  }
  return out;
}

/* Pieces that hold line ends are cut at them. */
function cut(pieces) {
  const lines = [[]];
  for (const { kind, text } of pieces) {
    const parts = text.split("\n");
    parts.forEach((part, i) => {
      if (i > 0) lines.push([]);
      if (part) lines[lines.length - 1].push({ kind, text: part });
    });
  }
  return lines;
}

/* ---- Markdown: line by line, with fences ------------------------------------------------------------ */

const INLINE = /(`[^`\n]+`)|(\*\*[^*\n]+\*\*)|(!?\[[^\]\n]*\]\([^)\n]*\))/g;

function inline(text) {
  const out = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > at) out.push({ kind: "", text: text.slice(at, found.index) });
    out.push({ kind: found[1] ? "string" : found[2] ? "name" : "number", text: found[0] });
    at = found.index + found[0].length;
  }
  if (at < text.length) out.push({ kind: "", text: text.slice(at) });
  return out;
}

function markdown(text) {
  let fenced = false;
  return text.split("\n").map((line) => {
    const fence = /^\s*(```|~~~)/.test(line);
    if (fence) fenced = !fenced;
    if (fence || fenced) return line ? [{ kind: fence ? "comment" : "string", text: line }] : [];
    if (/^#{1,6}\s/.test(line)) return [{ kind: "mark", text: line }];
    if (/^\s*>/.test(line)) return [{ kind: "comment", text: line }];
    const bullet = /^(\s*(?:[-*+]|\d+\.)\s)(.*)$/.exec(line);
    return bullet ? [{ kind: "word", text: bullet[1] }, ...inline(bullet[2])] : inline(line);
  });
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

const plain = (text) => text.split("\n").map((line) => (line ? [{ kind: "", text: line }] : []));

export function linesOf(text, name) {
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase();
  const clean = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  if (clean.length > LONGEST_TEXT || clean.split("\n").some((line) => line.length > LONGEST_LINE)) return plain(clean);
  if (ending === "py") return cut(scan(clean, python));
  if (ending === "json") return cut(scan(clean, json));
  if (ending === "md" || ending === "markdown") return markdown(clean);
  return plain(clean);
}
