/*
 * theme.js - choosing light, dark, or what the system says. The script of the same name beside
 * app.js puts the choice on the page before the first paint.
 */
import { html, useState } from "../preact.js";
import { keep } from "../kept.js";
import { createStore, useStore } from "../store.js";
import { texts } from "../texts.js";
import { Choice } from "./basic.js";

export const theme = createStore(document.documentElement.dataset.theme ?? "system");

export function setTheme(name) {
  keep("theme", name === "system" ? null : name);
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  theme.set(name);
}

export const themes = ["light", "system", "dark"];

export function ThemeChoice() {
  const at = useStore(theme);
  const [options] = useState(() => themes.map((id) => ({ id, label: texts.theme[id], icon: id })));
  return html`<${Choice} label=${texts.theme.label} options=${options} at=${at} onAt=${setTheme} />`;
}
