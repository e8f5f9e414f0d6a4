/*
 * help.js - `?`: the list of shortcuts, and the switch for those that are a single key.
 */
import { html } from "./preact.js";
import { Dialog, Field } from "./parts.js";
import { setSingleKeys, singleKeys } from "./keys.js";
import { useStore } from "./store.js";
import { texts } from "./texts.js";

const t = texts.help;

export function Help({ onClose }) {
  const on = useStore(singleKeys);
  return html`<${Dialog} title=${t.title} onClose=${onClose}>
    <table class="table keys">
      <tbody>
        ${t.rows.map(
          ([keys, what]) =>
            html`<tr key=${keys}>
              <th scope="row">${keys.split(" ").map((key) => html`<kbd key=${key}>${key}</kbd> `)}</th>
              <td>${what}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    <${Field} type="check" label=${t.single} hint=${t.singleHint} value=${on} onValue=${setSingleKeys} />
  <//>`;
}
