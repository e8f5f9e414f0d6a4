/*
 * keys.js - shortcuts: one listener, many rows.
 *
 * useKeys({"/": focusSearch, j: next}) holds as long as the view that says so is on the page; the
 * newest row for a key wins. A key without Ctrl never fires in a field, behind an open dialog, or
 * when single-key shortcuts are switched off (`?` shows the list and the switch). Ctrl+K is written
 * "mod+k" and means the command key on a Mac.
 */
import { useLayoutEffect, useRef } from "./preact.js";
import { createStore } from "./store.js";
import { keep, kept } from "./kept.js";

const layers = [];

export const singleKeys = createStore(kept("single-keys", "on") === "on");

export function setSingleKeys(on) {
  keep("single-keys", on ? "on" : "off");
  singleKeys.set(on);
}

const isField = (element) =>
  element instanceof HTMLElement &&
  (element.isContentEditable || /^(textarea|select)$/i.test(element.tagName) ||
    (element.tagName === "INPUT" && !/^(checkbox|radio|button|submit|range|color|file)$/.test(element.type)));

function nameOf(event) {
  const mod = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return mod ? `mod+${key}` : event.shiftKey && /^[a-z]$/.test(key) ? `shift+${key}` : key;
}

/* A modal dialog keeps the keys to itself: the layers below it are inert. */
const isBehind = () => document.getElementById("app")?.inert === true;

function heard(event) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const name = nameOf(event);
  const single = !name.startsWith("mod+");
  const letter = single && (name.length === 1 || name.startsWith("shift+"));
  if (letter && !singleKeys.get()) return;
  if (single && isField(event.target) && name !== "Escape") return;
  for (let i = layers.length - 1; i >= 0; i--) {
    const action = layers[i].current[name];
    if (!action || (isBehind() && !layers[i].always)) continue;
    if (action(event) === false) continue; /* it had nothing to do with it */
    event.preventDefault();
    return;
  }
}

export function startKeys() {
  addEventListener("keydown", heard);
}

export function useKeys(rows, { always = false } = {}) {
  const layer = useRef(rows);
  layer.current = rows;
  layer.always = always;
  /* before it is painted: what is seen can be used */
  useLayoutEffect(() => {
    layers.push(layer);
    return () => layers.splice(layers.indexOf(layer), 1);
  }, []);
}
