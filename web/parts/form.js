/*
 * form.js - forms: labelled fields with their hint and what is wrong with them.
 *
 *   Field {label, hint, wrong, type, value, onValue, options, ...}  type: any of <input>, "select"
 *   (options: [{id, label}]), "textarea", "check" (value is true or false)
 *   Form {wrong, onSubmit}  focuses the first wrong field   Submit {busy, busyText}   Wrong {error}
 */
import { html, useEffect, useId, useRef, useState } from "../preact.js";
import { texts } from "../texts.js";
import { ErrorPanel } from "./error.js";

function Secret({ input, shown, onShow }) {
  return html`<div class="input-with">
    ${input}
    <button type="button" class="button button-quiet button-small" aria-pressed=${shown ? "true" : "false"} aria-label=${texts.signin.showPassword} onClick=${onShow}>
      ${shown ? texts.signin.hide : texts.signin.show}
    </button>
  </div>`;
}

function Control({ type, options, value, onValue, secretShown, ...rest }) {
  const change = (e) => onValue(e.target.value);
  if (type === "select")
    return html`<select class="input" value=${value} onChange=${change} ...${rest}>
      ${options.map((one) => html`<option key=${one.id} value=${one.id} selected=${one.id === value}>${one.label}</option>`)}
    </select>`;
  if (type === "textarea") return html`<textarea class="input" value=${value} onInput=${change} ...${rest}></textarea>`;
  return html`<input class="input" type=${secretShown ? "text" : type} value=${value} onInput=${change} ...${rest} />`;
}

export function Field({ label, hint, wrong, type = "text", value, onValue, ...rest }) {
  const id = useId();
  const [shown, show] = useState(false);
  const about = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(" ") || undefined;
  const marks = { id, "aria-invalid": wrong ? "true" : undefined, "aria-describedby": about };
  const notes = html`${hint && html`<p id="${id}-hint" class="field-hint">${hint}</p>`}
  ${wrong && html`<p id="${id}-wrong" class="field-wrong">${wrong}</p>`}`;
  if (type === "check")
    return html`<div class="field">
      <div class="check-line">
        <input class="check" type="checkbox" checked=${value} onChange=${(e) => onValue(e.target.checked)} ...${marks} ...${rest} />
        <label for=${id}>${label}</label>
      </div>
      ${notes}
    </div>`;
  const secret = type === "password";
  const input = html`<${Control} type=${type} value=${value} onValue=${onValue} secretShown=${secret && shown}
    spellcheck=${secret ? "false" : undefined} ...${marks} ...${rest} />`;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${secret ? html`<${Secret} input=${input} shown=${shown} onShow=${() => show(!shown)} />` : input} ${notes}
  </div>`;
}

/* What went wrong with a form. Always in the page, so that it is read out when it fills. */
export function Wrong({ error }) {
  return html`<div role="alert">${error && html`<${ErrorPanel} error=${error} />`}</div>`;
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

export function Submit({ busy, children, busyText, wide }) {
  return html`<button type="submit" class=${wide ? "button button-main button-wide" : "button button-main"} aria-disabled=${busy ? "true" : undefined}>
    ${busy ? (busyText ?? texts.waiting) : children}
  </button>`;
}
