/*
 * mark.js - the picture of a plugin: its own logo, or a pattern made from its id.
 *
 * The pattern is the same wherever the id is: five rows, mirrored, so that two plugins
 * without a logo can be told apart. It says nothing else, and readers are spared it.
 */
import { html } from "../preact.js";

const ROWS = 5;
const HALF = 3;

/* FNV-1a: any small change of the id gives another pattern. */
function hash(text) {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h ^= h >>> 15;
  return Math.imul(h, 0x2c1b3c6d) >>> 0;
}

function cellsOf(text) {
  const bits = hash(text);
  const cells = [];
  for (let y = 0; y < ROWS; y++)
    for (let x = 0; x < HALF; x++) {
      if (((bits >>> (y * HALF + x)) & 1) === 0) continue;
      cells.push([x, y]);
      if (x < HALF - 1) cells.push([2 * (HALF - 1) - x, y]);
    }
  return cells;
}

const Pattern = ({ text }) => html`<svg viewBox="-1 -1 7 7" class="mark-pattern">
  ${cellsOf(text).map(([x, y]) => html`<rect key=${`${x} ${y}`} x=${x + 0.06} y=${y + 0.06} width="0.88" height="0.88" rx="0.22" />`)}
</svg>`;

export function PluginMark({ row }) {
  return html`<span class=${`mark mark-${hash(row.pid) % 4}`} aria-hidden="true">
    ${row.logo_image ? html`<img src=${`data:image/png;base64,${row.logo_image}`} alt="" />` : html`<${Pattern} text=${row.pid} />`}
  </span>`;
}
