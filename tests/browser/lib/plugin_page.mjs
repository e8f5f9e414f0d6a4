/*
 * plugin_page.mjs - what the tests of a plugin's page share: its address, waiting for it, packages.
 */
import { packageOf, pluginText } from "./packages.mjs";

export const at = (pid, tab, more = "") => `/#/o/system/plugins/${pid}?tab=${tab}${more}`;
export const panel = (page) => page.getByRole("tabpanel");
export const versionRow = (page, version) => page.locator(".version", { hasText: version });

/* A value as Python writes it; no text of the tests holds one of the three words. */
export const py = (value) => JSON.stringify(value).replace(/\btrue\b/g, "True").replace(/\bfalse\b/g, "False").replace(/\bnull\b/g, "None");

/* The plugin of the tests with a schema of settings above its class. */
export const withSettings = (what, fields) =>
  pluginText(what)
    .replace("import BasePlugin,", "import plugin_settings, BasePlugin,")
    .replace("class ThePlugin(", () => `@plugin_settings(${py(fields)})\nclass ThePlugin(`);

/* This plugin and this tab, not those of a moment before; their content is there when its bones are gone. */
export async function shown(page, pid, tab) {
  await page.waitForFunction(([id, name]) => {
    const tabs = document.querySelector('[role="tablist"] [aria-selected="true"]');
    return document.querySelector(".plugin-pid code")?.textContent === id && tabs?.dataset.tab === name && !document.querySelector(".bone, .plugin-bone");
  }, [pid, tab]);
}

export async function opened(page, pid, tab, more) {
  await page.goto(at(pid, tab, more));
  await shown(page, pid, tab);
}

/* Three versions that differ in a text and a file. */
export async function threeVersions(bench, pid) {
  const rows = [];
  for (const [version, helper] of [["1.0.0", "ONE = 1\n"], ["1.1.0", "ONE = 1\nTWO = 2\n"], ["2.0.0", "ONE = 1\nTWO = 22\n"]]) {
    const more = { "helper.py": helper, ...(version === "2.0.0" ? { "notes/new.md": "# New\n\nWords.\n" } : {}) };
    rows.push(await bench.server.upload("system", await packageOf({ pid, version, name: "Search", description: `Version ${version}` }, more)));
  }
  return rows;
}
