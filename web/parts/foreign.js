/*
 * foreign.js - fetching a library that is a classic script, when it is first needed.
 *
 * They come from vendor/, so from this appliance; the policy of the page allows no other place.
 */
const asked = new Map();

export function script(name, global) {
  if (!asked.has(name))
    asked.set(
      name,
      new Promise((resolve, reject) => {
        const tag = document.createElement("script");
        tag.src = new URL(`../vendor/${name}`, import.meta.url).href;
        tag.onload = () => resolve(globalThis[global]);
        tag.onerror = () => {
          asked.delete(name);
          reject(new Error(name));
        };
        document.head.append(tag);
      }),
    );
  return asked.get(name);
}

export function styles(name) {
  const href = new URL(`../vendor/${name}`, import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return;
  const tag = document.createElement("link");
  tag.rel = "stylesheet";
  tag.href = href;
  document.head.append(tag);
}
