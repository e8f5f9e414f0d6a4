/*
 * basic.js - what pages show: buttons, cards, words about things, tables, tabs, times, sizes.
 *
 *   Button {kind: main|danger|fatal|quiet, small, icon, busy, onClick}   IconButton {icon, label}
 *   Badge {kind: ok|warn|danger|info|accent, icon}   Card {title, note, actions}   ViewHead {title, lead}
 *   EmptyState {icon, title, children}   Table {caption, columns, rows, keyOf, empty}
 *   Tabs {label, tabs: [{id, title, count}], at, onAt, children}   Switch {on, label, onFlip}
 *   Choice {label, options: [{id, label, icon}], at, onAt}   Progress {value: 0..1, label}
 *   Skeleton {lines}   Time {at}   Bytes {n}   Count {n}
 *   useLoad(loader, deps) -> {value, wrong, loading, reload}   Loaded {from, children: value => ...}
 *   useTask(work) -> {busy, wrong, run}   Still {deps, children: () => ...}
 */
import { Component, html, useEffect, useId, useRef, useState } from "../preact.js";
import { texts } from "../texts.js";
import { ErrorPanel } from "./error.js";
import { shapes } from "./icons.js";

/* ---- hooks ------------------------------------------------------------------------------------- */

/*
 * Runs a loader, again when a dependency changes or on reload(); what was there stays meanwhile. Of
 * several answers on their way each newer one is shown, so that the page goes on also while it is
 * asked to reload faster than it is answered; an older one that was overtaken is left.
 */
export function useLoad(loader, deps = []) {
  const [state, set] = useState({ loading: true });
  const [round, again] = useState(0);
  const asked = useRef({ newest: 0, shown: 0, since: 0 });
  useEffect(() => {
    const { current } = asked;
    current.since = current.newest; /* what was asked for before is about something else */
    return () => {
      current.since = Infinity;
    };
  }, deps);
  useEffect(() => {
    const { current } = asked;
    const mine = ++current.newest;
    const take = (next) => {
      if (mine <= Math.max(current.since, current.shown)) return;
      current.shown = mine;
      set((now) => ({ ...next(now), loading: mine < current.newest }));
    };
    set((now) => ({ ...now, loading: true }));
    loader().then(
      (value) => take(() => ({ value })),
      (wrong) => take((now) => ({ value: now.value, wrong })),
    );
  }, [round, ...deps]);
  return { ...state, reload: () => again((n) => n + 1) };
}

/* A task's state: busy while `work` runs, `wrong` when it failed. */
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

/* What a loader gave: bones while waiting, the error with a way out, or the content. */
export function Loaded({ from, children, lines = 4 }) {
  if (from.value === undefined && from.wrong) return html`<${ErrorPanel} error=${from.wrong} onRetry=${from.reload} />`;
  if (from.value === undefined) return html`<${Skeleton} lines=${lines} />`;
  return children(from.value);
}

/* Draws its child again only when something in `deps` is another one: for the rows of long lists. */
export class Still extends Component {
  shouldComponentUpdate(next) {
    return next.deps.some((one, i) => one !== this.props.deps[i]);
  }

  render() {
    return this.props.children();
  }
}

/* ---- buttons ------------------------------------------------------------------------------------ */

export function Icon({ name, size = 16 }) {
  return html`<svg
    width=${size}
    height=${size}
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    stroke-width="1.5"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d=${shapes[name]} />
  </svg>`;
}

const classOf = (kind, small, more = "") =>
  ["button", kind && `button-${kind}`, small && "button-small", more].filter(Boolean).join(" ");

export function Button({ kind, small, icon, busy, children, type = "button", href, wide, ...rest }) {
  const names = classOf(kind, small, wide ? "button-wide" : "");
  const inside = html`${icon && html`<${Icon} name=${icon} />`}${busy ? texts.waiting : children}`;
  if (href) return html`<a class=${names} href=${href} ...${rest}>${inside}</a>`;
  const press = busy ? (e) => e.preventDefault() : rest.onClick;
  return html`<button type=${type} class=${names} ...${rest} onClick=${press} aria-disabled=${busy ? "true" : undefined}>${inside}</button>`;
}

export function IconButton({ icon, label, small, kind = "quiet", ...rest }) {
  return html`<button type="button" class=${classOf(kind, small, "button-icon")} aria-label=${label} title=${label} ...${rest}>
    <${Icon} name=${icon} />
  </button>`;
}

export function Switch({ on, label, shown, onFlip, ...rest }) {
  return html`<button
    type="button"
    role="switch"
    class="switch"
    aria-checked=${on ? "true" : "false"}
    aria-label=${label}
    onClick=${() => onFlip(!on)}
    ...${rest}
  >
    ${shown && html`<span>${shown}</span>`}
  </button>`;
}

export function Choice({ label, options, at, onAt }) {
  return html`<div class="choice" role="group" aria-label=${label}>
    ${options.map(
      (one) =>
        html`<button
          type="button"
          key=${one.id}
          aria-pressed=${at === one.id ? "true" : "false"}
          aria-label=${one.label}
          title=${one.label}
          onClick=${() => onAt(one.id)}
        >
          ${one.icon ? html`<${Icon} name=${one.icon} />` : one.label}
        </button>`,
    )}
  </div>`;
}

/* ---- grounds ------------------------------------------------------------------------------------ */

export function ViewHead({ title, lead, children }) {
  return html`<header class="view-head">
    <div>
      <h1>${title}</h1>
      ${lead && html`<p class="view-lead">${lead}</p>`}
    </div>
    ${children && html`<div class="actions">${children}</div>`}
  </header>`;
}

export function Card({ title, note, actions, children }) {
  const id = useId();
  return html`<section class="card" aria-labelledby=${title ? id : undefined}>
    ${title &&
    html`<header class="card-head">
      <h2 id=${id}>${title}</h2>
      ${note && html`<p class="soft small">${note}</p>`} ${actions && html`<div class="actions">${actions}</div>`}
    </header>`}
    <div class="card-body">${children}</div>
  </section>`;
}

export function Badge({ kind, icon, children, ...rest }) {
  return html`<span class=${kind ? `tag tag-${kind}` : "tag"} ...${rest}>${icon && html`<${Icon} name=${icon} size="12" />`}${children}</span>`;
}

/* whole: it stands for the page, which has no other heading then. */
export function EmptyState({ icon = "box", title, whole, children }) {
  return html`<div class="empty">
    <span class="empty-sign"><${Icon} name=${icon} size="26" /></span>
    ${whole ? html`<h1>${title}</h1>` : html`<h2>${title}</h2>`}
    ${children}
  </div>`;
}

export function Skeleton({ lines = 4 }) {
  return html`<div class="bones" aria-busy="true">
    <span class="unseen" role="status">${texts.waiting}</span>
    ${Array.from({ length: lines }, (_, i) => html`<span class="bone" key=${i}></span>`)}
  </div>`;
}

export function Progress({ value, label }) {
  const part = Math.max(0, Math.min(1, value || 0));
  return html`<span class="progress" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(part * 100)}>
    <span style=${{ transform: `scaleX(${part})` }}></span>
  </span>`;
}

/* ---- tables and tabs ------------------------------------------------------------------------------ */

/*
 * columns: {key, title, render(row), end: numbers to the right, hidden: its title is for readers
 * only}. For a few hundred rows at most; parts/virtual.js is for more. On a phone each row is a
 * block: the first column is its title, what is hidden stands beside it, the others below with
 * their names; `plain` leaves a narrow table as it is.
 */
export function Table({ caption, columns, rows, keyOf = (row) => row.id, empty, plain }) {
  if (rows.length === 0 && empty) return empty;
  return html`<div class="table-wrap" tabindex="0" role="region" aria-label=${caption}>
    <table class=${plain ? "table" : "table table-stack"}>
      <caption class="unseen">${caption}</caption>
      <thead>
        <tr>
          ${columns.map(
            (c) => html`<th key=${c.key} scope="col" class=${c.end ? "end" : ""}>${c.hidden ? html`<span class="unseen">${c.title}</span>` : c.title}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr key=${keyOf(row)}>
              ${columns.map((c, i) => html`<td key=${c.key} class=${[c.end && "end", i === 0 && "lead", c.hidden && "beside"].filter(Boolean).join(" ")} data-label=${c.title}><div class="cell">${c.render ? c.render(row) : row[c.key]}</div></td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

export function Tabs({ label, tabs, at, onAt, children }) {
  const id = useId();
  const list = useRef(null);
  useEffect(() => {
    /* Where the tabs are wider than the page, the chosen one is in sight. */
    const tab = list.current.querySelector('[aria-selected="true"]');
    if (!tab || list.current.scrollWidth <= list.current.clientWidth) return;
    const [box, own] = [list.current.getBoundingClientRect(), tab.getBoundingClientRect()];
    list.current.scrollLeft += own.left - box.left - (box.width - own.width) / 2;
  }, [at]);
  const step = (e) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!by) return;
    const now = tabs.findIndex((one) => one.id === at);
    const next = tabs[(now + by + tabs.length) % tabs.length];
    e.preventDefault();
    onAt(next.id);
    list.current.querySelector(`[data-tab="${CSS.escape(next.id)}"]`)?.focus();
  };
  return html`<div>
    <div class="tabs" role="tablist" aria-label=${label} ref=${list} onKeyDown=${step}>
      ${tabs.map(
        (one) =>
          html`<button
            type="button"
            role="tab"
            key=${one.id}
            id="${id}-${one.id}"
            data-tab=${one.id}
            aria-selected=${one.id === at ? "true" : "false"}
            aria-controls="${id}-panel"
            tabindex=${one.id === at ? "0" : "-1"}
            onClick=${() => onAt(one.id)}
          >
            ${one.title} ${one.count !== undefined && html`<span class="count">${one.count}</span>`}
          </button>`,
      )}
    </div>
    <div role="tabpanel" id="${id}-panel" aria-labelledby="${id}-${at}" tabindex="-1">${children}</div>
  </div>`;
}

/* ---- times and amounts ---------------------------------------------------------------------------- */

const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const amount = new Intl.NumberFormat();
const units = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

export function timeText(at, now = Date.now()) {
  const date = new Date(at);
  const seconds = Math.round((date.getTime() - now) / 1000);
  if (Math.abs(seconds) > 7 * 86400) return day.format(date);
  if (Math.abs(seconds) < 45) return texts.justNow;
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? units[3];
  return ago.format(Math.round(seconds / size), unit);
}

/* "5 minutes ago", with the exact moment on hover; older than a week it is the date. */
export function Time({ at }) {
  if (!at) return html`<span class="soft">${texts.never}</span>`;
  return html`<time class="num" datetime=${at} title=${when.format(new Date(at))}>${timeText(at)}</time>`;
}

export const momentText = (at) => when.format(new Date(at));

export const countText = (n) => amount.format(n);

export function bytesText(n) {
  if (n < 1000) return `${amount.format(n)} B`;
  const step = Math.min(4, Math.floor(Math.log10(n) / 3));
  const value = n / 1000 ** step;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${["", "kB", "MB", "GB", "TB"][step]}`;
}

export const Bytes = ({ n }) => html`<span class="num" title="${amount.format(n)} B">${bytesText(n)}</span>`;
export const Count = ({ n }) => html`<span class="num">${amount.format(n)}</span>`;
