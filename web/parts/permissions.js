/*
 * permissions.js - choosing permissions: grouped by what they are about, with their full names.
 *
 *   PickPermissions {names, chosen: [...], onChosen}   names: all that may be chosen
 */
import { html } from "../preact.js";
import { texts } from "../texts.js";

const t = texts.roles;

export function groupsOf(names) {
  const groups = new Map();
  for (const name of names) {
    const key = name.split(":").slice(0, 2).join(":");
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups].map(([key, list]) => ({ key, title: t.groups[key] ?? key, names: list.sort() }));
}

export function PickPermissions({ names, chosen, onChosen }) {
  const flip = (name, on) => onChosen(on ? [...chosen, name] : chosen.filter((one) => one !== name));
  return html`<div class="picks">
    ${groupsOf(names).map(
      (group) =>
        html`<fieldset key=${group.key} class="pick-group">
          <legend>${group.title}</legend>
          ${group.names.map(
            (name) =>
              html`<label key=${name} class="check-line pick">
                <input class="check" type="checkbox" checked=${chosen.includes(name)} onChange=${(e) => flip(name, e.target.checked)} />
                <span class="mono">${name.slice(group.key.length + 1) || name}</span>
              </label>`,
          )}
        </fieldset>`,
    )}
  </div>`;
}
