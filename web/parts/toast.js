/*
 * toast.js - short news at the edge of the page.
 *
 *   toast("Saved")                         leaves by itself; waits while it is pointed at or has the focus
 *   toast({text, undo: () => ..., link: {href, label}})
 *   toast({error})                         stays until closed; code, request id, copy
 *   toast({text, bad: true})               stays until closed
 *   toastOffline()                         the same, for what could not be fetched
 */
import { html, render, useEffect, useRef, useState } from "../preact.js";
import { createStore, useStore } from "../store.js";
import { texts } from "../texts.js";
import { Icon } from "./basic.js";
import { ErrorPanel } from "./error.js";

const SHOWN = 4;
const QUICK = 5000;
const WITH_UNDO = 10000;

const list = createStore([]);
let ids = 0;

export function toast(news, bad = false) {
  const one = typeof news === "string" ? { text: news, bad } : news;
  const id = ++ids;
  list.set((now) => [...now.slice(1 - SHOWN), { ...one, id }]);
  return () => dismiss(id);
}

export const toastOffline = () => toast({ text: texts.error.offline, bad: true });

const dismiss = (id) => list.set((now) => now.filter((one) => one.id !== id));

function Toast({ one }) {
  const timer = useRef(0);
  const [held, hold] = useState(false);
  const stays = one.bad || one.error;
  const close = () => dismiss(one.id);
  useEffect(() => {
    if (!stays && !held) timer.current = setTimeout(close, one.undo || one.link ? WITH_UNDO : QUICK);
    return () => clearTimeout(timer.current);
  }, [held]);
  if (one.error) return html`<div class="toast toast-error" role="alert"><${ErrorPanel} error=${one.error} onClose=${close} /></div>`;
  const undo = () => {
    close();
    one.undo();
  };
  return html`<div class="toast" role=${one.bad ? "alert" : undefined} onMouseEnter=${() => hold(true)} onMouseLeave=${() => hold(false)}
    onfocusin=${() => hold(true)} onfocusout=${() => hold(false)}>
    <span>${one.text}</span>
    ${one.link && html`<a class="button button-small toast-undo" href=${one.link.href} onClick=${close}>${one.link.label}</a>`}
    ${one.undo && html`<button type="button" class="button button-small toast-undo" onClick=${undo}>${texts.undo}</button>`}
    <button type="button" class="button button-small button-icon" aria-label=${texts.error.close} onClick=${close}><${Icon} name="close" /></button>
  </div>`;
}

function Toasts() {
  const shown = useStore(list);
  return html`<div class="toasts" role="status" aria-live="polite">${shown.map((one) => html`<${Toast} key=${one.id} one=${one} />`)}</div>`;
}

/* Beside the page and its layers, so that a dialog does not make them inert. */
export function startToasts() {
  render(html`<${Toasts} />`, document.getElementById("toasts"));
}
