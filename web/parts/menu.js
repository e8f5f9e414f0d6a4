/*
 * menu.js - a button that opens a list of actions or choices.
 *
 *   Menu {label, icon, bare, small, kind, items, search, face}
 *   items: {id, label, icon, onPick | href, danger, checked, end} or {line: true} or {title}
 *
 * items may be a function, which is asked when the list opens. bare: the button shows its icon only and is named by its label. search: a field filters the rows,
 * for long lists. face: what the button shows instead of its label, and is named by. The list is a popover in the
 * browser's top layer, so that no scrolling ancestor cuts it; it closes by Escape or a click beside.
 */
import { html, useEffect, useId, useRef, useState } from "../preact.js";
import { texts } from "../texts.js";
import { Icon } from "./basic.js";

const MOST = 60; // rows shown at once; the search finds the others

/* Below the button, or above it where the window ends; never over its edges. */
function stand(list, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = list;
  const below = at.bottom + 4 + height <= innerHeight || at.top < height;
  const left = Math.max(8, Math.min(at.left + width <= innerWidth - 8 ? at.left : at.right - width, innerWidth - width - 8));
  list.style.left = `${left}px`;
  list.style.top = `${Math.max(8, below ? Math.min(at.bottom + 4, innerHeight - height - 8) : at.top - height - 4)}px`;
}

function Item({ item, onDone }) {
  const inside = html`${item.icon && html`<${Icon} name=${item.icon} />`}${item.face}<span class="cut">${item.label}</span>${item.end &&
  html`<span class="menu-end soft small">${item.end}</span>`}`;
  const names = item.danger ? "menu-item menu-danger" : "menu-item";
  const checked = item.checked === undefined ? {} : { "aria-checked": item.checked ? "true" : "false" };
  const role = item.checked === undefined ? "menuitem" : "menuitemradio";
  const pick = () => {
    onDone();
    item.onPick?.();
  };
  if (item.href) return html`<a role=${role} tabindex="-1" class=${names} href=${item.href} onClick=${pick} ...${checked}>${inside}</a>`;
  return html`<button type="button" role=${role} tabindex="-1" class=${names} onClick=${pick} ...${checked}>${inside}</button>`;
}

function Rows({ items, onDone }) {
  return items.map((item, i) => {
    if (item.line) return html`<div class="menu-line" role="separator" key=${`line ${i}`}></div>`;
    if (item.title) return html`<div class="menu-title" role="presentation" key=${item.title}>${item.title}</div>`;
    return html`<${Item} key=${item.id} item=${item} onDone=${onDone} />`;
  });
}

export function Menu({ label, icon = "more", bare, small, kind, items, search, face, look }) {
  const id = useId();
  const button = useRef(null);
  const list = useRef(null);
  const [open, setOpen] = useState(false);
  const [words, setWords] = useState("");
  const all = open ? (typeof items === "function" ? items() : items) : [];
  const found = words ? all.filter((one) => one.label?.toLowerCase().includes(words.toLowerCase())) : all;
  useEffect(() => {
    const box = list.current;
    const toggled = (e) => {
      setOpen(e.newState === "open");
      if (e.newState !== "open") setWords("");
    };
    box.addEventListener("toggle", toggled);
    return () => box.removeEventListener("toggle", toggled);
  }, []);
  useEffect(() => {
    if (!open) return;
    stand(list.current, button.current);
    list.current.querySelector("input, [aria-checked='true'], .menu-item")?.focus();
  }, [open]);
  const close = () => {
    list.current.hidePopover();
    button.current.focus();
  };
  /* Escape closes the list only, not the dialog around it; the focus may still be on the button. */
  const leave = (e) => {
    if (e.key !== "Escape" || !list.current.matches(":popover-open")) return false;
    close();
    e.stopPropagation();
    e.preventDefault();
    return true;
  };
  const keys = (e) => {
    if (leave(e)) return;
    const rows = [...list.current.querySelectorAll(".menu-item")];
    const now = rows.indexOf(document.activeElement);
    const to = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: rows.length - 1 }[e.key];
    if (e.key === "Tab") close();
    else if (e.key === "Enter" && now < 0) rows[0]?.click();
    else if (to === undefined || (now < 0 && /Home|End/.test(e.key))) return;
    else rows[(to + rows.length) % rows.length]?.focus();
    e.preventDefault();
  };
  const shape = look ?? ["button", `button-${kind ?? (bare ? "quiet" : "plain")}`, small && "button-small", bare && "button-icon"].filter(Boolean).join(" ");
  return html`<button
      type="button"
      ref=${button}
      class=${shape}
      aria-haspopup="menu"
      aria-expanded=${open ? "true" : "false"}
      aria-label=${bare ? label : undefined}
      title=${bare ? label : undefined}
      popovertarget=${id}
      onKeyDown=${leave}
    >
      ${face ?? html`<${Icon} name=${icon} />${!bare && label}`}
    </button>
    <div id=${id} ref=${list} class="menu" popover="auto" onKeyDown=${keys}>
      ${open &&
      search &&
      html`<div class="menu-search">
        <input class="input input-small" type="search" placeholder=${texts.find} aria-label=${texts.find} value=${words} onInput=${(e) => setWords(e.target.value)} />
      </div>`}
      ${open && html`<div role="menu" aria-label=${label}><${Rows} items=${found.slice(0, MOST)} onDone=${close} /></div>`}
    </div>`;
}
