/*
 * dialog.js - what must be answered before going on: dialog, confirmation, typed confirmation.
 *
 *   Dialog {title, onClose, wide, side, foot, children}   shown as long as it is in the tree
 *   ConfirmTyped {title, word, action, danger, call, onConfirm, onClose, children}   for what cannot be undone
 *   await confirm({title, text, action, danger, call}) -> true or false                 for the rest
 *
 * `call`, a row of commands.js, is offered in the foot of either: "copy as".
 * A dialog is drawn in a layer of its own at the end of the page; everything below it is inert, so
 * the focus cannot leave it, and returns to where it was. Toasts stay above and can be reached.
 */
import { html, render, useId, useLayoutEffect, useRef, useState } from "../preact.js";
import { useKeys } from "../keys.js";
import { texts } from "../texts.js";
import { Button, IconButton } from "./basic.js";
import { CopyAs } from "./copy.js";
import { Field, Form } from "./form.js";

/* ---- layers ------------------------------------------------------------------------------------- */

const open = [];

function shade() {
  const page = document.getElementById("app");
  const below = [page, ...open.slice(0, -1)];
  for (const one of below) if (one) one.inert = open.length > 0;
  if (open.length > 0) open[open.length - 1].inert = false;
}

function Layer({ children, className = "", box: names, onClose, label, labelled }) {
  const box = useRef(null);
  useKeys({ Escape: onClose }, { always: true });
  useLayoutEffect(() => {
    const find = (what) => box.current.querySelector(what);
    const first = find("[autofocus]") ?? find(".dialog-body :is(input, select, textarea), .palette-input") ?? find(".dialog-foot .button-main");
    (first ?? box.current).focus();
  }, []);
  const outside = (e) => e.target === e.currentTarget && onClose();
  return html`<div class=${`layer ${className}`} onMouseDown=${outside}>
    <div class=${names} role="dialog" aria-modal="true" aria-label=${label} aria-labelledby=${labelled} tabindex="-1" ref=${box}>${children}</div>
  </div>`;
}

/* Draws its children into a layer at the end of the page instead of where it stands. */
export function Float({ children, ...rest }) {
  const holder = useRef(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    const layer = document.createElement("div");
    holder.current = layer;
    document.getElementById("layers").append(layer);
    open.push(layer);
    shade();
    return () => {
      render(null, layer);
      layer.remove();
      open.splice(open.indexOf(layer), 1);
      shade();
      /* what opened it may be gone by now; the page is read on from its content then */
      (before?.isConnected ? before : document.getElementById("content"))?.focus({ preventScroll: true });
    };
  }, []);
  useLayoutEffect(() => {
    render(html`<${Layer} ...${rest}>${children}<//>`, holder.current);
  });
  return null;
}

/* ---- dialogs ------------------------------------------------------------------------------------- */

export function Dialog({ title, onClose, wide, side, foot, children }) {
  const id = useId();
  return html`<${Float} className=${side ? "layer-side" : ""} box=${wide ? "dialog dialog-wide" : "dialog"} onClose=${onClose} labelled=${id}>
    <header class="dialog-head">
      <h2 id=${id}>${title}</h2>
      <${IconButton} icon="close" label=${texts.error.close} onClick=${onClose} />
    </header>
    <div class="dialog-body">${children}</div>
    ${foot && html`<footer class="dialog-foot">${foot}</footer>`}
  <//>`;
}

/* The same as a command line, apart from the buttons that act. */
export const FootCopy = ({ call }) => (call ? html`<span class="dialog-aside"><${CopyAs} small kind="quiet" call=${call} /></span>` : null);

/* The word must be typed before the button works: for what nobody can bring back. */
export function ConfirmTyped({ title, word, action, call, onConfirm, onClose, children, busy, wrong }) {
  const [typed, type] = useState("");
  const submit = () => typed === word && onConfirm();
  const foot = html`<${FootCopy} call=${call} /><${Button} onClick=${onClose}>${texts.cancel}<//>
    <${Button} kind="fatal" disabled=${typed !== word} busy=${busy} onClick=${submit}>${action}<//>`;
  return html`<${Dialog} title=${title} onClose=${onClose} foot=${foot}>
    ${children}
    <${Form} onSubmit=${submit}>
      <${Field} label=${texts.typeWord(word)} value=${typed} onValue=${type} autocomplete="off" autocapitalize="none" spellcheck="false" wrong=${wrong} />
    <//>
  <//>`;
}

function Question({ title, text, action, danger, call, onAnswer }) {
  const foot = html`<${FootCopy} call=${call} /><${Button} onClick=${() => onAnswer(false)}>${texts.cancel}<//>
    <${Button} kind=${danger ? "fatal" : "main"} autofocus onClick=${() => onAnswer(true)}>${action}<//>`;
  return html`<${Dialog} title=${title} onClose=${() => onAnswer(false)} foot=${foot}><p>${text}</p><//>`;
}

export function confirm(question) {
  return new Promise((resolve) => {
    const holder = document.createElement("div");
    document.getElementById("layers").append(holder);
    const answer = (yes) => {
      render(null, holder);
      holder.remove();
      resolve(yes);
    };
    render(html`<${Question} ...${question} onAnswer=${answer} />`, holder);
  });
}
