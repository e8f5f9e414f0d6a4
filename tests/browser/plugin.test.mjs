/*
 * The page of one plugin: what it says of itself, its versions, and what differs between them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "./lib/harness.mjs";
import { assert, same, until } from "./lib/bench.mjs";
import { packageOf } from "./lib/packages.mjs";
import { at, opened, panel, threeVersions, versionRow, withSettings } from "./lib/plugin_page.mjs";
import { root } from "./lib/server.mjs";

const PID = "com.acme.search";
const INVOICE = "com.acme.finance.invoice_matcher";

test("an example shows its README, facts and lines to install it", async (bench) => {
  await bench.server.api("POST", "/api/admin/examples");
  const page = await bench.open({ who: bench.admin, at: at(INVOICE, "readme") });
  await page.getByRole("heading", { name: "Invoice Matcher", level: 1 }).waitFor();
  await page.getByRole("heading", { name: "What changed in 2.3" }).waitFor();
  await bench.everyLook(page, "plugin-readme");
  for (const word of ["System", "latest", "Enabled", "Not checked", "Only here"]) await page.getByRole("list", { name: "State" }).getByText(word, { exact: true }).waitFor();
  await page.getByRole("button", { name: "Cadence" }).click();
  await page.getByText(`system:${INVOICE}@2.3.1`).waitFor();
  await page.getByRole("group", { name: "Install with" }).getByRole("button", { name: "curl" }).click();
  const line = await bench.copied(page, () => page.locator(".command").getByRole("button", { name: "Copy" }).click());
  assert(line.includes(`-o ${INVOICE}-2.3.1.zip`), line);
});

test("pictures of a README come out of the package, or are words", async (bench) => {
  const shot = readFileSync(join(root, "packaging", "examples", "calendar", "logo.png"));
  const text = "# Shots\n\n![Near](./docs/shot.png) ![Far](https://198.51.100.7/x.png) ![Lost](docs/lost.png) [Home](https://example.org/)\n";
  await bench.server.upload("system", await packageOf({ pid: "com.acme.shots", name: "Shots" }, { "README.md": text, "docs/shot.png": new Uint8Array(shot) }));
  const page = await bench.open({ who: bench.admin });
  await opened(page, "com.acme.shots", "readme");
  await page.waitForFunction(() => document.querySelector(".readme img")?.naturalWidth > 0);
  same(await page.locator(".readme img").count(), 1);
  await page.getByText("[Image: Far] [Image: Lost]").waitFor();
  same(await page.getByRole("link", { name: "Home" }).getAttribute("rel"), "noopener noreferrer nofollow");
  await bench.breaches(page);
});

test("every tab stands in the address, in both themes and on a phone", async (bench) => {
  await bench.server.api("POST", "/api/admin/examples");
  const page = await bench.open({ who: bench.admin });
  for (const tab of ["tools", "trust"]) {
    await opened(page, INVOICE, tab);
    await bench.everyLook(page, `plugin-${tab}`);
  }
});

test("a tag is set by who may write, leads to its like, and is seen at once elsewhere", async (bench) => {
  const { server } = bench;
  const org = await server.org("Tagged");
  const { id } = await server.upload("system", await packageOf({ pid: "com.acme.tagged", name: "Tagged" }));
  await server.upload("system", await packageOf({ pid: "com.acme.plain", name: "Plain" }));
  const reader = await bench.open({ who: await server.user("tag-reader", { org, isAdmin: true }) });
  await reader.goto(`/#/o/${org.org_id}/plugins/com.acme.tagged`);
  await panel(reader).waitFor();
  same(await reader.getByRole("button", { name: /^(Add a|Change the) tag$/ }).count(), 0, "a reader changes no tag:");
  const page = await bench.open({ who: bench.admin });
  await opened(page, "com.acme.tagged", "readme");
  await page.getByRole("button", { name: "Add a tag" }).click();
  const dialog = page.getByRole("dialog", { name: "Tag of version 1.0.0" });
  await dialog.getByLabel("Tag").fill("x".repeat(101));
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByRole("alert").or(dialog.locator(".field-wrong")).getByText(/tag/).first().waitFor();
  await dialog.getByLabel("Tag").fill("finance");
  await bench.twoLooks(page, "plugin-tag");
  const line = await bench.copied(page, async () => {
    await dialog.getByRole("button", { name: "Copy as" }).click();
    await page.getByRole("menuitem", { name: "Copy as curl" }).click();
  });
  assert(line.includes(`/api/admin/plugins/${id}`) && line.includes('{"tag":"finance"}'), line);
  await dialog.getByLabel("Tag").press("Enter");
  await page.getByText("Version 1.0.0 is tagged finance.").waitFor();
  await dialog.waitFor({ state: "detached" });
  same(await page.evaluate(() => document.activeElement.id), "content", "the button that opened it is gone, the focus is not:");
  await reader.getByRole("link", { name: "Tag finance: show all plugins with it" }).waitFor();
  await bench.axe(page);
  await page.getByRole("link", { name: "Tag finance: show all plugins with it" }).click();
  await page.getByRole("link", { name: "Tagged", exact: true }).waitFor();
  await page.getByText(/^1 of \d+ plugins$/).waitFor();
  await page.goBack();
  await page.getByRole("button", { name: "Change the tag" }).click();
  await dialog.getByLabel("Tag").fill("");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("Version 1.0.0 has no tag any more.").waitFor();
  same((await server.api("GET", `/api/admin/plugins/${id}`)).tag, null);
});

/* ---- versions ---------------------------------------------------------------------------------------- */

test("the timeline switches, goes back when refused, rolls back and undoes", async (bench) => {
  const pid = "com.acme.timeline";
  const rows = await threeVersions(bench, pid);
  const page = await bench.open({ who: bench.admin });
  await opened(page, pid, "versions");
  same(await page.locator(".version .row-title a").allTextContents(), ["2.0.0", "1.1.0", "1.0.0"]);
  await versionRow(page, "2.0.0").getByText("latest").waitFor();
  const middle = versionRow(page, "1.1.0").getByRole("switch");
  await middle.click();
  await bench.hold(page, "Search 1.1.0 is disabled");
  same((await bench.server.api("GET", `/api/admin/plugins/${rows[1].id}`)).enabled, false);
  await page.getByRole("button", { name: "Undo" }).click();
  await until(async () => (await bench.server.api("GET", `/api/admin/plugins/${rows[1].id}`)).enabled, "the undo");
  await page.route("**/api/admin/plugins/*", (route) =>
    route.request().method() === "PATCH" ? route.fulfill({ status: 409, json: { code: "PL-0009", message: "It is held by a test", request_id: "r-1" } }) : route.fallback());
  await until(async () => (await middle.getAttribute("aria-checked")) === "true", "it is on again");
  await middle.click();
  await page.getByRole("alert").getByText("It is held by a test").waitFor();
  same(await middle.getAttribute("aria-checked"), "true", "after a refusal:");
  await page.unroute("**/api/admin/plugins/*");
  await page.locator(".toast-error").getByRole("button", { name: "Close" }).click();

  await page.getByRole("button", { name: "Roll back" }).click();
  await page.getByRole("dialog", { name: "Back to the version before?" }).getByText("2.0.0 is disabled, and 1.1.0 becomes the latest").waitFor();
  await bench.axe(page);
  await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
  await bench.hold(page, "1.1.0 is the latest now.");
  await versionRow(page, "1.1.0").getByText("latest").waitFor();
  await page.getByRole("button", { name: "Undo" }).last().click();
  await versionRow(page, "2.0.0").getByText("latest").waitFor();
  await versionRow(page, "1.0.0").getByRole("switch").click();
  await versionRow(page, "1.0.0").getByText("Disabled").waitFor();
  await bench.everyLook(page, "plugin-versions");
});

test("older answers put no switch back, and one plugin is never shown for another", async (bench) => {
  const pid = "com.acme.steady";
  const [row] = await threeVersions(bench, pid);
  await bench.server.upload("system", await packageOf({ pid: "com.acme.next", name: "Next" }));
  const page = await bench.open({ who: bench.admin });
  await opened(page, pid, "versions");
  const held = { PATCH: [], GET: [] };
  await page.route(/\/api\/admin\/plugins\/[^?]*$/, async (route) => {
    const kind = route.request().method();
    const answer = kind === "GET" ? await route.fetch() : null; /* it is as old as that */
    held[kind].push(() => (answer ? route.fulfill({ response: answer }) : route.continue()));
  });
  for (const [n, tag] of ["older", "later"].entries()) {
    await bench.server.api("PATCH", `/api/admin/plugins/${row.id}`, { json: { tag } });
    await until(() => held.GET.length === n + 1, "somebody else's change is looked up");
  }
  const flip = versionRow(page, "1.0.0").getByRole("switch");
  await flip.click();
  await until(() => held.PATCH.length === 1, "the switch is on its way");
  for (const [n, tag] of ["older", "later"].entries()) {
    await held.GET[n](); /* it is shown, though the next one is on its way */
    await versionRow(page, "1.0.0").getByText(tag).waitFor();
    same(await flip.getAttribute("aria-checked"), "false", "after an answer that does not know of it:");
  }
  await held.PATCH[0]();
  await page.getByText("Search 1.0.0 is disabled").waitFor();
  await page.goto(at("com.acme.next", "versions"));
  await page.locator(".bone").first().waitFor();
  same(await page.getByRole("heading", { level: 1, name: "Search" }).count(), 0, "the plugin before:");
  await page.unrouteAll({ behavior: "ignoreErrors" });
});

test("versions are downloaded, counted and drawn, with their figures in a table", async (bench) => {
  const page = await bench.open({ who: bench.admin });
  await page.goto(at(PID, "versions"));
  await page.getByRole("heading", { name: "There is no such plugin here" }).waitFor();
  await bench.axe(page);
  const rows = await threeVersions(bench, PID);
  await versionRow(page, "2.0.0").waitFor(); /* it comes by itself */
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download version 1.0.0" }).click()]);
  same(download.suggestedFilename(), `${PID}-1.0.0.zip`);
  const token = await bench.server.admin();
  await (await fetch(`${bench.server.url}/api/admin/plugins/${rows[2].id}/download`, { headers: { Authorization: `Bearer ${token}` } })).arrayBuffer();
  await until(async () => (await bench.server.api("GET", `/api/admin/plugins/${rows[2].id}/downloads?days=30`)).total === 1, "the download is counted");
  await opened(page, PID, "versions", "&version=2.0.0");
  await page.reload();
  await page.getByText("1 download in all").waitFor();
  await page.locator(".chart canvas").waitFor();
  await page.getByText("Show the figures").click();
  await page.getByRole("table", { name: "Figures: Downloads of 2.0.0" }).getByRole("cell", { name: "1", exact: true }).waitFor();
  await bench.axe(page);
  await bench.shot(page, "plugin-downloads");
});

test("any two versions are compared: files, lines, settings, dependencies", async (bench) => {
  const page = await bench.open({ who: bench.admin });
  await threeVersions(bench, "com.acme.compared");
  await opened(page, "com.acme.compared", "diff");
  const file = page.locator(".diff-file", { hasText: "helper.py" });
  await file.getByText("TWO = 22").waitFor();
  same(await file.locator(".is-removed td").allTextContents(), ["2", "", "-", "TWO = 2"]);
  same(await file.locator(".is-added td").allTextContents(), ["", "2", "+", "TWO = 22"]);
  await page.locator(".diff-file", { hasText: "notes/new.md" }).getByText("Added").waitFor();
  await bench.everyLook(page, "plugin-diff");
  await page.getByLabel("From").selectOption("1.0.0");
  await page.locator(".diff-file", { hasText: "helper.py" }).getByText("TWO = 22").waitFor();
  await bench.address(page, /from=1\.0\.0.*to=2\.0\.0/);
  await page.getByRole("button", { name: "Swap the two" }).click();
  await page.locator(".diff-file", { hasText: "notes/new.md" }).getByText("Removed").waitFor();
  await page.getByLabel("To", { exact: true }).selectOption("2.0.0");
  await page.getByRole("heading", { name: "The two are alike" }).waitFor();
  const token = { key: "token", type: "str", description: "For the service", required: true, sensitive: true };
  await bench.server.upload("system", await packageOf({ pid: "com.acme.grown" }, {}));
  await bench.server.upload("system", await packageOf({}, { "plugin.py": withSettings({ pid: "com.acme.grown", version: "1.1.0", capabilities: ["search", "sum"] }, [token]) }));
  await opened(page, "com.acme.grown", "diff");
  await page.getByText("For the service", { exact: true }).waitFor();
  await page.getByRole("heading", { name: "Capabilities" }).waitFor();
});

test("a package that is damaged or missing is said to be so, with the way out", async (bench) => {
  await threeVersions(bench, "com.acme.broken");
  const page = await bench.open({ who: bench.admin });
  for (const [artifact, word, sentence] of [["corrupt", "Package damaged", "no longer fits its hash"], ["missing", "Package missing", "missing on this appliance"]]) {
    await page.route("**/com.acme.broken/versions", async (route) => {
      const rows = await (await route.fetch()).json();
      await route.fulfill({ json: rows.map((row) => (row.is_latest ? { ...row, artifact, replication: artifact } : row)) });
    });
    await page.goto("about:blank"); /* a page that begins anew asks anew */
    await page.goto(at("com.acme.broken", "versions"));
    await page.getByText(sentence).waitFor();
    same(await page.getByText(word).count(), 2);
    await bench.axe(page);
    await page.unroute("**/com.acme.broken/versions");
  }
});
