/*
 * readme.js - text that others wrote, as Markdown: the only place where text becomes markup.
 *
 *   Readme {text, image}   image(path) gives the address of a picture inside the package, or ""
 *
 * Whatever a package brings is hostile until it has been through three doors. Markup in the text is
 * rebuilt tag by tag from a short list, before anything parses it: the page's policy reports even
 * what a parser only sees. The sanitizer goes through the whole, in an inert document, so nothing
 * of it is fetched. Then pictures from elsewhere become their description, links open apart, and
 * only the finished nodes enter the page. No style, no form, no id or name that could shadow the
 * page's own, no address but http, https and mail.
 */
import { html, useEffect, useRef, useState } from "../preact.js";
import { texts } from "../texts.js";
import { script } from "./foreign.js";

const LONGEST = 400000;
const TAGS = ["h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "b", "i",
  "del", "s", "sub", "sup", "kbd", "a", "img", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "dl", "dt", "dd", "span", "div"];
const ATTRIBUTES = ["href", "src", "alt", "title", "align", "colspan", "rowspan", "start", "open"];

/* ---- the first door: markup inside the text --------------------------------------------------------- */

const GONE = /<!--[\s\S]*?(-->|$)|<(script|style|template|noscript|iframe|object|svg|math|textarea|title)\b[\s\S]*?(<\/\2\s*>|$)/gi;
const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s[^<>]*)?)\/?>/gi;
const ATTRIBUTE = /([a-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))/gi;

const escaped = (text) => text.replace(/&(?!#?\w+;)/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

function rebuilt(slash, name, rest) {
  const tag = name.toLowerCase();
  if (!TAGS.includes(tag)) return "";
  if (slash) return `</${tag}>`;
  const kept = [...rest.matchAll(ATTRIBUTE)].filter(([, key]) => ATTRIBUTES.includes(key.toLowerCase()));
  const open = tag === "details" && /\sopen\b/.test(rest) ? ' open=""' : "";
  return `<${tag}${open}${kept.map(([, key, a, b, c]) => ` ${key.toLowerCase()}="${escaped(a ?? b ?? c)}"`).join("")}>`;
}

/* Every "<" of the answer begins a tag that was built here; all others are text. */
function tameMarkup(text) {
  let out = "";
  let at = 0;
  const clean = text.replace(GONE, "");
  for (const found of clean.matchAll(TAG)) {
    out += escaped(clean.slice(at, found.index)) + rebuilt(found[1], found[2], found[3]);
    at = found.index + found[0].length;
  }
  return out + escaped(clean.slice(at));
}

/* ---- the third door ----------------------------------------------------------------------------------- */

/* A page has its own h1, and its cards have h2: a README begins below them. */
const LOWER = { H1: "h3", H2: "h4", H3: "h5", H4: "h6", H5: "h6" };

function renamed(element, name) {
  const other = document.createElement(name);
  other.append(...element.childNodes);
  element.replaceWith(other);
}

function tameImage(img, image) {
  const source = img.getAttribute("src") ?? "";
  const inside = /^[\w./ -]+$/.test(source) && !source.startsWith("/") && !source.includes("..") ? (image?.(source) ?? "") : "";
  if (/^data:image\/(png|jpeg|gif|webp);base64,/.test(source)) return;
  if (inside) img.setAttribute("src", inside);
  else img.replaceWith(document.createTextNode(texts.readme.image(img.getAttribute("alt") ?? "")));
}

function tameLink(link) {
  const to = link.getAttribute("href") ?? "";
  if (!/^(https?:|mailto:)/i.test(to)) return link.removeAttribute("href");
  link.setAttribute("rel", "noopener noreferrer nofollow");
  return link.setAttribute("target", "_blank");
}

function tame(fragment, image) {
  for (const img of fragment.querySelectorAll("img")) tameImage(img, image);
  for (const link of fragment.querySelectorAll("a")) tameLink(link);
  for (const head of fragment.querySelectorAll("h1, h2, h3, h4, h5")) renamed(head, LOWER[head.tagName]);
  for (const block of fragment.querySelectorAll("pre")) block.tabIndex = 0; /* it may scroll */
  return fragment;
}

/* The finished nodes, for the page and for the tests. */
export async function nodesOf(text, image) {
  const [{ Marked }, purify] = await Promise.all([import("../vendor/marked.js"), script("purify.js", "DOMPurify")]);
  const markdown = new Marked({ gfm: true, renderer: { checkbox: ({ checked }) => (checked ? "☑ " : "☐ "), html: ({ text: markup }) => tameMarkup(markup) } });
  const clean = purify.sanitize(markdown.parse(text.slice(0, LONGEST)), {
    ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ATTRIBUTES, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false, KEEP_CONTENT: true, RETURN_DOM_FRAGMENT: true,
  });
  return document.importNode(tame(clean, image), true); /* tamed first: a picture is fetched as soon as the page owns it */
}

export function Readme({ text, image }) {
  const box = useRef(null);
  const [failed, fail] = useState(false);
  useEffect(() => {
    let here = true;
    nodesOf(text, image).then(
      (nodes) => here && box.current?.replaceChildren(nodes),
      () => here && fail(true),
    );
    return () => {
      here = false;
    };
  }, [text]);
  if (failed) return html`<p class="soft">${texts.readme.failed}</p><pre class="readme">${text}</pre>`;
  return html`<div class="readme" ref=${box}></div>`;
}
