/*
 * copy.js - texts to take along: a command with its button, and every action as a command line.
 *
 * CopyAs {call: {curl, larder}, or a function that gives it} is a button with a menu; copyItems(call) gives the same two rows for
 * another menu, copySections([[title, call], ...]) those of several actions at its end. The rows
 * come from commands.js.
 */
import { html, useEffect, useState } from "../preact.js";
import { texts } from "../texts.js";
import { Menu } from "./menu.js";
import { toast } from "./toast.js";

const t = texts.copy;

/* The clipboard proper is only there on a secure origin; an appliance in a plain network has none. */
function copyOldWay(text) {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus({ preventScroll: true }); /* selecting took it away */
  return done;
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOldWay(text);
  }
}

export function CopyButton({ text, label = t.label, kind = "quiet" }) {
  const [state, set] = useState("");
  useEffect(() => set(""), [text]); /* this text has not been copied */
  const copy = async () => set((await copyText(text)) ? t.done : t.failed);
  return html`<button type="button" class="button button-small button-${kind}" onClick=${copy}>
    <span aria-live="polite">${state || label}</span>
  </button>`;
}

/* A command line to copy; children is its text. */
export function Command({ children }) {
  return html`<div class="command">
    <pre><code>${children}</code></pre>
    <${CopyButton} text=${children} />
  </div>`;
}

async function copyAndSay(text) {
  if (await copyText(text)) toast(t.done);
  else toast({ text: t.failed, bad: true });
}

export function copyItems(call) {
  const rows = [{ id: "curl", label: t.curl, icon: "copy", onPick: () => copyAndSay(call.curl) }];
  if (call.larder) rows.push({ id: "larder", label: t.larder, icon: "copy", onPick: () => copyAndSay(call.larder) });
  return rows;
}

export function copySections(sections) {
  const rows = ([title, call], i) => [{ title }, ...copyItems(call).map((one) => ({ ...one, id: `${i} ${one.id}` }))];
  return [{ line: true }, ...sections.flatMap(rows)];
}

export function CopyAs({ call, label = t.as, small, kind }) {
  return html`<${Menu} label=${label} icon="copy" small=${small} kind=${kind} items=${() => copyItems(typeof call === "function" ? call() : call)} />`;
}
