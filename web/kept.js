/*
 * kept.js - small choices that this browser remembers: theme, cards or table, shortcuts.
 *
 * Never anything secret, and nothing that the page could not do without: storage can be forbidden.
 */
const PREFIX = "larder-";

export function kept(name, otherwise = "") {
  try {
    return localStorage.getItem(PREFIX + name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    /* Without storage the choice lasts as long as the page. */
  }
}
