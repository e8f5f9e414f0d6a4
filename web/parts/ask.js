/*
 * ask.js - a dialog with a form: a few fields, one button, and what the server says against them.
 *
 *   Ask {title, note, action, fields: [{key, label, hint, type, options, ...}], start, call, onSubmit, onClose, children}
 *
 * onSubmit(values) may fail; an error that names a field stands at that field, any other above all.
 * call(values) gives the same as a command line. The dialog closes itself when it succeeds. children(values, set) is drawn below the fields.
 */
import { html, useState } from "../preact.js";
import { texts } from "../texts.js";
import { Button, useTask } from "./basic.js";
import { Dialog, FootCopy } from "./dialog.js";
import { Field, Form, Wrong } from "./form.js";

export function Ask({ title, note, action, danger, fields, start = {}, call, onSubmit, onClose, wide, children }) {
  const [values, change] = useState(() => Object.fromEntries(fields.map((one) => [one.key, start[one.key] ?? (one.type === "check" ? false : "")])));
  const [extra, setExtra] = useState(start.extra);
  const [missing, setMissing] = useState({});
  const task = useTask(async () => {
    await onSubmit({ ...values, extra });
    onClose();
  });
  const named = fields.find((one) => task.wrong?.field && task.wrong.field === (one.field ?? one.key));
  const submit = () => {
    const empty = fields.filter((one) => one.needed && !String(values[one.key]).trim());
    setMissing(Object.fromEntries(empty.map((one) => [one.key, texts.needed(one.label)])));
    if (empty.length === 0) task.run();
  };
  const foot = html`<${FootCopy} call=${call && (() => call({ ...values, extra }))} /><${Button} onClick=${onClose}>${texts.cancel}<//>
    <${Button} kind=${danger ? "fatal" : "main"} busy=${task.busy} onClick=${submit}>${action}<//>`;
  return html`<${Dialog} title=${title} onClose=${onClose} foot=${foot} wide=${wide}>
    ${note && html`<p class="soft ask-note">${note}</p>`}
    <${Form} wrong=${task.wrong ?? missing} onSubmit=${submit}>
      <${Wrong} error=${named ? null : task.wrong} />
      ${fields.map(
        (one) =>
          html`<${Field}
            key=${one.key}
            label=${one.label}
            hint=${one.hint}
            type=${one.type}
            options=${one.options}
            autocomplete=${one.autocomplete ?? "off"}
            value=${values[one.key]}
            wrong=${missing[one.key] ?? (named === one ? task.wrong.message : "")}
            onValue=${(value) => {
              change((now) => ({ ...now, [one.key]: value }));
              if (named === one) task.setWrong(null); /* it was said of another value */
            }}
          />`,
      )}
      ${children?.(extra, setExtra, values)}
      <button type="submit" hidden></button>
    <//>
  <//>`;
}
