/*
 * parts.js - the small pieces every view is made of: field, button, notice, toast, time, shell.
 *
 * They know no route and no noun. How they look stands in css/parts.css under the same names.
 */
import { html, useEffect, useId, useRef, useState } from "./preact.js";
import { texts } from "./texts.js";

export const mark = new URL("./mark.svg", import.meta.url).href;

/* Runs a loader once (and again on reload); gives {value, wrong, reload}. */
export function useLoad(loader) {
  const [state, set] = useState({});
  const [round, again] = useState(0);
  useEffect(() => {
    let here = true;
    loader().then(
      (value) => here && set({ value }),
      (wrong) => here && set({ wrong }),
    );
    return () => {
      here = false;
    };
  }, [round]);
  return { ...state, reload: () => again((n) => n + 1) };
}

/* A form's state: busy while `work` runs, `wrong` when it failed. */
export function useTask(work) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(null);
  const run = async (...args) => {
    if (busy) return;
    setBusy(true);
    setWrong(null);
    try {
      await work(...args);
    } catch (error) {
      setWrong(error);
    }
    setBusy(false);
  };
  return { busy, wrong, run, setWrong };
}

export function Field({ label, hint, wrong, type = "text", value, onValue, ...rest }) {
  const id = useId();
  const [shown, show] = useState(false);
  const secret = type === "password";
  const about = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(" ");
  const input = html`<input
    id=${id}
    class="input"
    type=${secret && shown ? "text" : type}
    value=${value}
    onInput=${(e) => onValue(e.target.value)}
    aria-invalid=${wrong ? "true" : undefined}
    aria-describedby=${about || undefined}
    spellcheck=${secret ? "false" : undefined}
    ...${rest}
  />`;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${secret
      ? html`<div class="input-with">
          ${input}
          <button
            type="button"
            class="button button-quiet button-small"
            aria-pressed=${shown ? "true" : "false"}
            aria-label=${texts.signin.showPassword}
            onClick=${() => show(!shown)}
          >
            ${shown ? texts.signin.hide : texts.signin.show}
          </button>
        </div>`
      : input}
    ${hint && html`<p id="${id}-hint" class="field-hint">${hint}</p>`}
    ${wrong && html`<p id="${id}-wrong" class="field-wrong">${wrong}</p>`}
  </div>`;
}

/* What went wrong, as the server said it. Always in the page, so that it is read out when it fills. */
export function Wrong({ error }) {
  const text = typeof error === "string" ? error : error?.message;
  return html`<div role="alert">
    ${text &&
    html`<p class="notice notice-danger">
      ${text} ${error.retryAfter > 0 && texts.error.retryAfter(error.retryAfter)}
      ${error.requestId && html`<span class="notice-note mono">${texts.error.requestId(error.requestId)}</span>`}
    </p>`}
  </div>`;
}

/* A form that sends nothing by itself; where a field is wrong, the first such field is focused. */
export function Form({ wrong, onSubmit, children }) {
  const form = useRef(null);
  useEffect(() => {
    form.current.querySelector('[aria-invalid="true"]')?.focus();
  }, [wrong]);
  const submit = (e) => {
    e.preventDefault();
    onSubmit();
  };
  return html`<form class="form" ref=${form} onSubmit=${submit} novalidate>${children}</form>`;
}

export function Submit({ busy, children, busyText }) {
  return html`<button type="submit" class="button button-main" aria-disabled=${busy ? "true" : undefined}>
    ${busy ? (busyText ?? texts.waiting) : children}
  </button>`;
}

export function Card({ title, note, children }) {
  const id = useId();
  return html`<section class="card" aria-labelledby=${id}>
    <header class="card-head">
      <h2 id=${id}>${title}</h2>
      ${note && html`<p class="soft small">${note}</p>`}
    </header>
    <div class="card-body">${children}</div>
  </section>`;
}

/* What a loader gave: waiting, failed with a way out, or the content. */
export function Loaded({ from, children }) {
  if (from.wrong)
    return html`<${Wrong} error=${from.wrong} />
      <p class="actions"><button class="button button-small" onClick=${from.reload}>${texts.error.retry}</button></p>`;
  if (from.value === undefined) return html`<p class="soft" aria-busy="true">${texts.waiting}</p>`;
  return children(from.value);
}

export function Command({ children }) {
  const [state, set] = useState("");
  const copy = () =>
    Promise.resolve(navigator.clipboard?.writeText(children) ?? Promise.reject()).then(
      () => set(texts.copy.done),
      () => set(texts.copy.failed),
    );
  return html`<div class="command">
    <pre><code>${children}</code></pre>
    <button type="button" class="button button-quiet button-small" onClick=${copy}>
      <span aria-live="polite">${state || texts.copy.label}</span>
    </button>
  </div>`;
}

const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const units = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/* "5 minutes ago", with the exact moment on hover; older than a week it is the date. */
export function Moment({ at }) {
  const date = new Date(at);
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? units[3];
  const far = Math.abs(seconds) > 7 * 86400;
  const text = far ? when.format(date) : ago.format(Math.round(seconds / size), unit);
  return html`<time datetime=${at} title=${when.format(date)}>${text}</time>`;
}

const shapes = {
  light: "M8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.5 1.5M11.5 11.5L13 13M13 3l-1.5 1.5M3 13l1.5-1.5M11 8a3 3 0 1 1-6 0a3 3 0 0 1 6 0z",
  system: "M2 3h12v8H2zM6 14h4M8 11v3",
  dark: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
};

export function ThemeChoice() {
  const root = document.documentElement;
  const [theme, set] = useState(root.dataset.theme ?? "system");
  const choose = (name) => {
    set(name);
    try {
      if (name === "system") localStorage.removeItem("larder-theme");
      else localStorage.setItem("larder-theme", name);
    } catch {
      /* Without storage the choice lasts as long as the page. */
    }
    if (name === "system") delete root.dataset.theme;
    else root.dataset.theme = name;
  };
  return html`<div class="choice" role="group" aria-label=${texts.theme.label}>
    ${Object.entries(shapes).map(
      ([name, path]) =>
        html`<button
          type="button"
          key=${name}
          aria-pressed=${theme === name ? "true" : "false"}
          aria-label=${texts.theme[name]}
          title=${texts.theme[name]}
          onClick=${() => choose(name)}
        >
          <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d=${path} />
          </svg>
        </button>`,
    )}
  </div>`;
}

export function Brand() {
  return html`<a class="brand" href="/#/"><img src=${mark} alt="" width="28" height="28" />${texts.name}</a>`;
}

export function Foot() {
  return html`<footer class="foot">
    <a href="/docs">${texts.footer.docs}</a>
    <a href="/readyz">${texts.footer.health}</a>
  </footer>`;
}

/* A page with one box on it: sign-in and setup. */
export function Alone({ title, tagline, children }) {
  return html`<div class="page">
    <main class="alone" id="content" tabindex="-1">
      <div class="alone-box">
        <div class="alone-head">
          <img src=${mark} alt="" width="56" height="56" />
          <h1>${title}</h1>
          <p class="soft">${tagline}</p>
        </div>
        <div class="card"><div class="card-body">${children}</div></div>
      </div>
    </main>
    <footer class="foot"><a href="/docs">${texts.footer.docs}</a><${ThemeChoice} /></footer>
  </div>`;
}

/* Toasts: good news leaves by itself, bad news stays until it is closed. */
let pushToast = () => {};

export function toast(text, bad = false) {
  pushToast({ text, bad, id: crypto.randomUUID?.() ?? String(Math.random()) });
}

function Toast({ text, bad, onClose }) {
  const timer = useRef(0);
  useEffect(() => {
    if (!bad) timer.current = setTimeout(onClose, 6000);
    return () => clearTimeout(timer.current);
  }, []);
  return html`<div class=${bad ? "toast toast-danger" : "toast"}>
    <span>${text}</span>
    <button type="button" class="button button-quiet button-small" onClick=${onClose}>${texts.error.close}</button>
  </div>`;
}

export function Toasts() {
  const [list, set] = useState([]);
  pushToast = (one) => set((now) => [...now.slice(-2), one]);
  return html`<div class="toasts" role="status" aria-live="polite">
    ${list.map(
      (one) =>
        html`<${Toast}
          key=${one.id}
          ...${one}
          onClose=${() => set((now) => now.filter((other) => other.id !== one.id))}
        />`,
    )}
  </div>`;
}
