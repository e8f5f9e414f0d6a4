/*
 * Inside one plugin: its settings form, its files and findings, its checks, whom to trust, what the
 * v1 API can do to it, and who sees what of it.
 */
import { test } from "./lib/harness.mjs";
import { assert, same, until } from "./lib/bench.mjs";
import { oldFiles, packageOf, pluginText, zip } from "./lib/packages.mjs";
import { opened, shown, threeVersions, withSettings } from "./lib/plugin_page.mjs";

/* ---- settings -------------------------------------------------------------------------------------------- */

const FIELDS = [
  { key: "endpoint", name: "Endpoint", type: "str", description: "Where the service is", required: true },
  { key: "token", type: "str", description: "Its token", required: true, sensitive: true },
  { key: "retries", type: "int", description: "How often it tries again", default: 3 },
  { key: "share", type: "float", description: "Part of the traffic", default: 0.5 },
  { key: "strict", type: "bool", description: "Refuse what is odd", default: true },
  { key: "hosts", type: "list", description: "Hosts it may ask", default: ["a.example"] },
  { key: "labels", type: "dict", description: "Labels of answers", default: { team: "x" } },
];

test("the settings form judges every type, masks secrets and gives its JSON", async (bench) => {
  const pid = "com.acme.settings";
  await bench.server.upload("system", await packageOf({}, { "plugin.py": withSettings({ pid, name: "Settings" }, FIELDS) }));
  const page = await bench.open({ who: bench.admin });
  await opened(page, pid, "settings");
  const json = page.locator(".settings-json");
  const values = async () => JSON.parse(await json.textContent());
  same(await values(), { retries: 3, share: 0.5, strict: true, hosts: ["a.example"], labels: { team: "x" } });
  await page.getByText("2 fields need a look").waitFor();
  await page.getByRole("button", { name: "Check all" }).click();
  same(await page.getByText("This plugin does not start without it. Enter a value.").count(), 2);
  await bench.everyLook(page, "plugin-settings");
  await page.getByLabel("Endpoint").fill("https://service.example");
  await page.locator("input[type=password]").fill("s3cret-of-a-test");
  for (const [name, bad, sentence, good] of [
    ["retries", "3.5", "Enter a whole number, for example 42.", "7"],
    ["share", "half", "Enter a number, for example 0.5.", "1.5e-1"],
    ["hosts", "{}", 'Enter a JSON list, for example ["a", "b"].', '["b.example", 2]'],
    ["labels", "[1]", 'Enter a JSON object, for example {"key": "value"}.', '{"team": "y"}'],
  ]) {
    await page.getByLabel(name).fill(bad);
    await page.getByText(sentence).waitFor();
    await page.getByLabel(name).fill(good);
    await page.getByText(sentence).waitFor({ state: "detached" });
  }
  await page.getByLabel("strict").uncheck();
  await page.getByText("Complete and valid").waitFor();
  const whole = { endpoint: "https://service.example", token: "s3cret-of-a-test", retries: 7, share: 0.15, strict: false, hosts: ["b.example", 2], labels: { team: "y" } };
  same(await values(), { ...whole, token: "••••••••" });
  await page.getByRole("switch", { name: "Show secrets" }).click();
  same(await values(), whole);
  same(JSON.parse(await bench.copied(page, () => page.getByRole("button", { name: "Copy with secrets" }).click())), whole);
  await page.getByLabel("retries").fill("8");
  const copy = page.getByRole("button", { name: "Copy with secrets" }); /* what it would copy now has not been copied */
  await page.evaluate(() => (navigator.clipboard.writeText = () => Promise.reject(new Error("as on a plain line"))));
  await copy.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Copied", exact: true }).waitFor();
  same(await page.evaluate(() => document.activeElement.textContent.trim()), "Copied", "the focus stays where it was:");
  await page.getByRole("button", { name: "Orchestrator entry" }).click();
  const entry = (await values())[`system:${pid}@1.0.0`];
  same([entry.id, entry.settings.length, entry.settings[0]], [pid, 7, { key: "endpoint", name: "Endpoint", value: "https://service.example" }]);
  await page.getByRole("button", { name: "Back to the defaults" }).click();
  await page.getByText("2 fields need a look").waitFor();
});

/* ---- files, findings, tools ---------------------------------------------------------------------------------- */

const RISKY = "import subprocess\n\n\ndef run():\n    return subprocess.run(['true'])\n";

test("findings lead to the line, and the source can be read there", async (bench) => {
  const pid = "com.acme.risky";
  await bench.server.upload("system", await packageOf({ pid, name: "Risky" }, { "deep/er/helper.py": RISKY, "data.json": '{"a": [1, true, null, "x"]}\n', "blob.bin": new Uint8Array([0, 255, 1, 2]) }));
  const page = await bench.open({ who: bench.admin });
  await opened(page, pid, "checks");
  await page.getByText("The file imports subprocess").waitFor();
  await bench.axe(page);
  await bench.shot(page, "plugin-report");
  await page.getByRole("link", { name: "deep/er/helper.py, line 1" }).first().click();
  await page.locator(".line.is-here", { hasText: "import subprocess" }).waitFor();
  await bench.address(page, /file=deep%2Fer%2Fhelper\.py.*line=1/);
  await page.getByRole("link", { name: "Line 4" }).click();
  await page.locator(".line.is-here", { hasText: "def run():" }).waitFor();
  same(await page.locator(".line.is-here .hl-word, .line.is-here .hl-name").allTextContents(), ["def", "run"]);
  await bench.everyLook(page, "plugin-files");
  await page.getByRole("navigation", { name: "Files" }).getByRole("link", { name: /data\.json/ }).click();
  await page.locator(".hl-mark", { hasText: '"a"' }).waitFor();
  await page.getByRole("navigation", { name: "Files" }).getByRole("link", { name: /blob\.bin/ }).click();
  await page.getByRole("heading", { name: "This is no text" }).waitFor();
  await page.goBack();
  await page.goBack();
  await page.locator(".line.is-here", { hasText: "def run():" }).waitFor();
  await opened(page, pid, "files", "&file=not-here.py");
  await page.getByRole("heading", { name: "There is no such file in this version" }).waitFor();
  await opened(page, pid, "tools");
  await page.getByRole("link", { name: "plugin.py, line 8" }).click();
  await page.locator(".line.is-here", { hasText: "def search(" }).waitFor();
});

/* ---- health ------------------------------------------------------------------------------------------------------ */

test("check now follows the run, and a check by somebody else appears", async (bench) => {
  const pid = "com.acme.checked";
  const { id } = await bench.server.upload("system", await packageOf({ pid, name: "Checked" }));
  const page = await bench.open({ who: bench.admin });
  await opened(page, pid, "checks");
  await page.getByRole("heading", { name: "Never run" }).waitFor();
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText(/The check is done|The plugin could not be checked/).waitFor();
  const checks = page.getByRole("list", { name: "Health checks" }).locator("> li");
  await until(async () => (await checks.count()) === 1, "the check is listed");
  const [kept] = await bench.server.api("GET", `/api/admin/plugins/${id}/health`);
  const word = { healthy: "Healthy", failed: "Failed", unchecked: "Not checked" }[kept.health];
  await checks.first().getByText(word).waitFor();
  await page.getByRole("list", { name: "State" }).getByText(word).waitFor();
  await bench.everyLook(page, "plugin-checks");
  await bench.server.api("POST", `/api/admin/plugins/${id}/health`);
  await until(async () => (await checks.count()) === 2, "the second check");
  const network = page.getByRole("switch", { name: "Checks may reach the network" });
  same(await network.getAttribute("aria-checked"), "false");
  await network.click();
  await until(async () => (await bench.server.api("GET", `/api/admin/plugins/${id}/network`)).allowed, "the network is allowed");
});

/* Where no sandbox can be made there is nothing to see but why; the same words come then. */
test("a check that failed says where, and leads there", async (bench) => {
  const pid = "com.acme.fails";
  const source = pluginText({ pid, name: "Fails" }).replace("        return [search]", "        print('about to fail')\n        raise RuntimeError('no tools today')");
  const { id } = await bench.server.upload("system", await packageOf({}, { "plugin.py": source }));
  await bench.server.api("POST", `/api/admin/plugins/${id}/health`);
  const [kept] = await until(async () => {
    const rows = await bench.server.api("GET", `/api/admin/plugins/${id}/health`);
    return rows.length > 0 && rows;
  }, "the check");
  const page = await bench.open({ who: bench.admin });
  await opened(page, pid, "checks");
  await page.getByText(kept.reason).first().waitFor();
  if (kept.health === "unchecked") return;
  await page.locator(".output", { hasText: "about to fail" }).waitFor();
  await bench.everyLook(page, "plugin-failed");
  await page.locator(".output-bad").getByRole("link", { name: "plugin.py:13" }).click();
  await page.locator(".line.is-here", { hasText: "no tools today" }).waitFor();
});

/* ---- trust ---------------------------------------------------------------------------------------------------------- */

test("trust names the hash, the uploader and the record", async (bench) => {
  const pid = "com.acme.trusted";
  const row = await bench.server.upload("system", await packageOf({ pid, name: "Trusted" }));
  const page = await bench.open({ who: bench.admin });
  await opened(page, pid, "trust");
  same(await bench.copied(page, () => page.getByRole("button", { name: "Copy SHA-256" }).click()), row.sha256);
  await page.getByText("admin (you)").waitFor();
  await page.getByRole("cell", { name: "plugin.upload" }).waitFor();
  await bench.server.api("PATCH", `/api/admin/plugins/${row.id}`, { json: { enabled: false } });
  await until(async () => (await page.getByRole("table").getByRole("row").count()) === 3, "the record grows by itself");
  await page.getByRole("list", { name: "State" }).getByText("Disabled").waitFor();
});

/* ---- the v1 API --------------------------------------------------------------------------------------------------------- */

test("a v1 plugin is reloaded, and deleted after its name was typed", async (bench) => {
  const form = new FormData();
  form.append("file", await zip(oldFiles("sums")), "sums-1.0.0.zip");
  const token = await bench.server.admin();
  const answer = await fetch(`${bench.server.url}/api/v1/plugins/upload`, { method: "POST", headers: { Authorization: `Bearer ${token}` }, body: form });
  assert(answer.ok, await answer.text());
  const page = await bench.open({ who: bench.admin });
  await opened(page, "legacy.sums", "readme");
  await page.getByRole("heading", { name: "No README" }).waitFor();
  const more = page.getByRole("button", { name: /^Actions for/ });
  await more.click();
  await page.getByRole("menuitem", { name: "Reload the stores" }).click();
  await page.getByText("1 plugin loaded, 0 failed.").waitFor();
  await more.click();
  await page.getByRole("menuitem", { name: "Delete the version" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete sums-1.0.0?" });
  const go = dialog.getByRole("button", { name: "Delete the version" });
  assert(await go.isDisabled(), "nothing was typed yet");
  await bench.axe(page);
  await bench.shot(page, "plugin-delete");
  await dialog.getByLabel("Type sums-1.0.0 to go on").fill("sums-1.0.0");
  await go.click();
  await page.getByText("sums-1.0.0 is deleted.").waitFor();
  await page.getByRole("heading", { name: /Catalog|No plugin yet/ }).waitFor();
  same((await bench.server.api("GET", "/api/admin/plugins")).filter((row) => row.pid === "legacy.sums"), []);
});

test("a quarantine is put on and lifted by whoever runs the platform", async (bench) => {
  const { id } = await bench.server.upload("system", await packageOf({ pid: "com.acme.odd", name: "Odd" }));
  const state = () => bench.server.api("GET", `/api/admin/plugins/${id}`);
  const page = await bench.open({ who: bench.admin });
  await opened(page, "com.acme.odd", "readme");
  await page.getByRole("button", { name: "Actions for Odd" }).click();
  await page.getByRole("menuitem", { name: "Quarantine" }).click();
  await page.getByRole("dialog", { name: "Put it in quarantine?" }).getByRole("button", { name: "Quarantine" }).click();
  await page.getByText("This version is in quarantine: it was disabled for safety").waitFor();
  same([(await state()).quarantined, (await state()).enabled], [true, false]);
  same(await page.getByRole("switch").count(), 0);
  await bench.axe(page);
  await page.getByRole("button", { name: "Lift the quarantine" }).click();
  await page.getByRole("switch", { name: "Odd 1.0.0 enabled" }).waitFor();
  same([(await state()).quarantined, (await state()).enabled], [false, false]);
});

/* ---- who sees what ----------------------------------------------------------------------------------------------------------- */

test("a reader sees no button that would fail, an org's admin those of its own", async (bench) => {
  const org = await bench.server.org("Readers");
  await threeVersions(bench, "com.acme.shared");
  const own = "example.readers.own";
  for (const version of ["1.0.0", "2.0.0"]) await bench.server.upload(org.org_id, await packageOf({ pid: own, version, name: "Own" }));
  const chief = await bench.server.user("readers-chief", { org, isAdmin: true });
  const page = await bench.open({ who: chief });
  const see = async (pid, tab) => {
    await page.goto(`/#/o/${org.org_id}/plugins/${pid}?tab=${tab}`);
    await shown(page, pid, tab);
  };
  for (const [pid, may] of [["com.acme.shared", 0], [own, 1]]) {
    await see(pid, "versions");
    same(Math.min(1, await page.getByRole("switch").count()), may, `switches of ${pid}:`);
    same(await page.getByRole("button", { name: "Roll back" }).count(), may, `roll back of ${pid}:`);
    await see(pid, "checks");
    await page.getByRole("heading", { name: "Never run" }).waitFor();
    same(await page.getByRole("button", { name: "Check now" }).count(), may, `checks of ${pid}:`);
    await see(pid, "trust");
    await page.getByText("The record of this version is shown to those").waitFor();
  }
  await see(own, "checks");
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText(/The check is done|The plugin could not be checked/).waitFor();
});

test("an id that stands in the system and in the organization shows either", async (bench) => {
  const org = await bench.server.org("Twice");
  const pid = "example.twice.both";
  await bench.server.upload("system", await packageOf({ pid, version: "3.0.0", name: "Of the system" }));
  await bench.server.upload(org.org_id, await packageOf({ pid, version: "1.0.0", name: "Of the org" }));
  const page = await bench.open({ who: await bench.server.user("twice", { org, isAdmin: true }) });
  await page.goto(`/#/o/${org.org_id}/plugins/${pid}`);
  await page.getByRole("heading", { name: "Of the org", level: 1 }).waitFor();
  await page.getByRole("group", { name: "Source" }).getByRole("button", { name: "System" }).click();
  await page.getByRole("heading", { name: "Of the system", level: 1 }).waitFor();
  same(await page.getByRole("switch").count(), 0, "switches of the system's:");
  await page.getByRole("tab", { name: /^Files/ }).click();
  await page.locator(".line", { hasText: 'version="3.0.0"' }).waitFor();
  await page.getByRole("link", { name: "Line 2", exact: true }).click();
  await page.waitForFunction(() => /source=system/.test(location.hash) && /line=2/.test(location.hash));
  await bench.axe(page);
});

test("the keyboard alone walks the tabs and opens a file", async (bench) => {
  const page = await bench.open({ who: bench.admin });
  await threeVersions(bench, "com.acme.keys");
  await opened(page, "com.acme.keys", "readme");
  await page.getByRole("tab", { name: "README" }).focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
  await page.waitForFunction(() => /tab=files/.test(location.hash));
  await until(async () => (await page.evaluate(() => document.activeElement.textContent.trim())) === "Files", "the focus goes along");
  await page.getByRole("navigation", { name: "Files" }).getByRole("link", { name: /helper\.py/ }).focus();
  await page.keyboard.press("Enter");
  await page.locator(".line", { hasText: "TWO = 22" }).waitFor();
});
