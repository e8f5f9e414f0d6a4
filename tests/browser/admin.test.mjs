/*
 * The pages of the administration: people, the record, the machine, backups, and who sees them.
 */
import { readFileSync } from "node:fs";
import { test } from "./lib/harness.mjs";
import { assert, same, until } from "./lib/bench.mjs";

const DAY = 86400e3;
const PAGES = [
  ["orgs", "Organizations"], ["users", "Users"], ["roles", "Roles"], ["keys", "API keys"], ["attention", "Attention"], ["monitor", "Health"],
  ["replication", "Replication"], ["storage", "Storage"], ["backups", "Backups"], ["jobs", "Jobs"], ["audit", "Audit"], ["logs", "Log"], ["settings", "Settings"],
];

const side = (page) => page.getByRole("navigation", { name: "Pages" });
const textOf = async (locator) => (await locator.allTextContents()).map((text) => text.trim());

const curlOf = (bench, page, button) =>
  bench.copied(page, async () => {
    await button.click();
    await page.getByRole("menuitem", { name: "Copy as curl" }).first().click();
  });

test("every page, in every look", async (bench) => {
  const { server } = bench;
  await server.api("POST", "/api/admin/users/api-keys", { json: { name: "nightly build", scopes: ["cadence:org:plugins:read"], expires_at: new Date(Date.now() + 5 * DAY).toISOString() } });
  await server.api("POST", "/api/admin/users/api-keys", { json: { name: "site of Globex", scopes: ["cadence:system:plugins:read", "cadence:org:plugins:read"] } });
  const { job_id: job } = await server.api("POST", "/api/admin/backups");
  await until(async () => (await server.api("GET", `/api/admin/jobs/${job}`)).state === "done", "the backup is made");
  const page = await bench.open({ who: bench.admin });
  for (const [id, title] of PAGES) {
    await page.goto(`/#/admin/${id}`);
    await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
    await bench.ready(page);
    if (id === "monitor") await page.locator("main canvas").first().waitFor();
    await bench.twoLooks(page, `admin-${id}`);
  }
  const [org] = await server.api("GET", "/api/admin/orgs");
  await page.goto(`/#/o/${org.org_id}/members`);
  await page.getByRole("heading", { level: 1, name: "Members" }).waitFor();
  await bench.ready(page);
  await bench.twoLooks(page, "members");
}, { fresh: { demo: true } });

test("an organization, a user, a role and a membership", async (bench) => {
  const page = await bench.open({ who: bench.admin, at: "/#/admin/orgs" });
  await page.getByRole("button", { name: "New organization" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("Initech");
  await dialog.getByRole("button", { name: "New organization" }).click();
  await dialog.getByText("Domain is needed.").waitFor();
  await bench.axe(page);
  await dialog.getByLabel("Domain").fill("initech.example");
  await bench.shot(page, "admin-org-dialog");
  await page.keyboard.press("Enter");
  await page.getByText("Initech exists now.").waitFor();
  await page.getByRole("cell", { name: "initech.example" }).waitFor();

  await page.goto("/#/admin/users");
  await page.getByRole("button", { name: "New user" }).click();
  await dialog.getByLabel("User name").fill("peter");
  await dialog.getByLabel("Password", { exact: true }).fill("short");
  await dialog.getByRole("button", { name: "New user" }).click();
  await dialog.locator(".field-wrong").waitFor();
  await dialog.getByLabel("Password", { exact: true }).fill("a red stapler of one's own");
  await dialog.getByRole("button", { name: "New user" }).click();
  await page.getByText("peter can sign in now.").waitFor();

  await page.goto("/#/admin/roles");
  await page.getByRole("button", { name: "New role" }).click();
  await dialog.getByLabel("Name", { exact: true }).fill("reporter");
  await dialog.getByRole("checkbox", { name: "audit:read" }).check();
  await bench.axe(page);
  await bench.shot(page, "admin-role-dialog");
  const filled = await curlOf(bench, page, dialog.getByRole("button", { name: "Copy as" }));
  assert(/\/api\/admin\/roles'?[\s\S]*"name":"reporter"[\s\S]*"cadence:system:audit:read"/.test(filled), filled);
  await dialog.getByRole("button", { name: "New role" }).click();
  await page.getByText("The role reporter exists now.").waitFor();

  await page.goto("/#/admin/users?q=peter");
  await page.getByRole("button", { name: "Actions for peter" }).click();
  await page.getByRole("menuitem", { name: "Roles" }).click();
  await dialog.getByLabel("Role", { exact: true }).selectOption({ label: "reporter" });
  await dialog.getByRole("button", { name: "Give the role" }).click();
  await dialog.getByRole("button", { name: "Take away reporter" }).waitFor();
  await bench.axe(page);
  await page.keyboard.press("Escape");

  const orgs = await bench.server.api("GET", "/api/admin/orgs");
  await page.goto(`/#/o/${orgs.find((one) => one.name === "Initech").org_id}/members`);
  await page.getByRole("button", { name: "Add a member" }).first().click();
  await dialog.getByLabel("User name or e-mail").fill("nobody");
  await dialog.getByRole("button", { name: "Add a member" }).click();
  await dialog.getByText("Nobody has this user name or e-mail.").waitFor();
  await dialog.getByLabel("User name or e-mail").fill("peter");
  await dialog.getByRole("button", { name: "Add a member" }).click();
  await page.getByText("peter is a member now.").waitFor();
  const change = await curlOf(bench, page, page.getByRole("button", { name: "Actions for peter" }));
  assert(/-X PATCH [\s\S]*\/membership'?[\s\S]*'\{"is_admin":true\}'/.test(change), change);

  const peter = await bench.open({ who: { username: "peter", password: "a red stapler of one's own" } });
  same(await textOf(side(peter).getByRole("link")), ["Audit"], "a reporter sees the record");
  await page.goto("/#/admin/users?q=peter");
  await page.getByRole("button", { name: "Actions for peter" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const fatal = dialog.getByRole("button", { name: "Delete" });
  assert(await fatal.isDisabled(), "it must be typed first");
  await dialog.getByLabel("Type peter to go on").fill("peter");
  await fatal.click();
  await page.getByText("peter is deleted.").waitFor();
});

test("who may see what", async (bench) => {
  const { server } = bench;
  const org = await server.org("Hooli");
  const member = await server.user("gavin", { org });
  const chief = await server.user("belson", { org, isAdmin: true });
  const page = await bench.open({ who: member, at: `/#/o/${org.org_id}/catalog` });
  assert(!(await textOf(side(page).getByRole("link"))).includes("Members"), "a member administers nobody");
  await page.goto("/#/admin/users");
  await page.getByText("You may not see this page").waitFor();
  const other = await bench.open({ who: chief, at: `/#/o/${org.org_id}/members` });
  same(await textOf(side(other).getByRole("link")), ["Catalog", "Members"]);
  await other.getByRole("button", { name: "Actions for gavin" }).click();
  await other.getByRole("menuitem", { name: "Make administrator" }).click();
  await other.getByText("gavin is administrator now.").waitFor();
});

test("a key is shown once, and revoked", async (bench) => {
  const page = await bench.open({ who: bench.admin, at: "/#/admin/keys" });
  await page.getByText("No key yet").waitFor();
  await page.getByRole("button", { name: "New key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What it is for").fill("deploy");
  await dialog.getByLabel("Good for").selectOption("30");
  await dialog.getByRole("button", { name: "New key" }).click();
  const shown = page.getByRole("dialog", { name: "Your new key" });
  const raw = (await shown.locator("code").first().textContent()).trim();
  same(await bench.copied(page, () => shown.getByRole("button", { name: "Copy" }).first().click()), raw);
  await bench.axe(page);
  await bench.shot(page, "admin-key-shown");
  const me = await fetch(`${bench.server.url}/api/me`, { headers: { "X-API-KEY": raw } });
  same(me.status, 200);
  await shown.getByRole("button", { name: "I have kept it" }).click();
  await shown.waitFor({ state: "detached" });
  assert(!(await page.content()).includes(raw), "the key is nowhere on the page any more");
  await page.getByRole("button", { name: "Revoke deploy" }).click();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await page.getByText("deploy is revoked.").waitFor();
  same((await fetch(`${bench.server.url}/api/me`, { headers: { "X-API-KEY": raw } })).status, 401);
});

test("the record is filtered and taken along", async (bench) => {
  const { server } = bench;
  await server.api("POST", "/api/admin/orgs", { json: { name: "=SUM(A1)", domain: "sum.example" } });
  const page = await bench.open({ who: bench.admin, at: "/#/admin/audit" });
  await page.getByLabel("Action", { exact: true }).fill("org.create");
  await until(async () => {
    const actions = await textOf(page.locator("tbody .link"));
    return actions.length > 0 && actions.every((action) => action === "org.create");
  }, "only what was asked for");
  await bench.address(page, /action=org\.create/);
  await page.locator("tbody .link").first().click();
  await page.getByRole("dialog", { name: "org.create" }).getByText("Signed in with").waitFor();
  await bench.axe(page);
  await page.keyboard.press("Escape");
  const take = async (name) => {
    await page.getByRole("button", { name: "Export" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name }).click()]);
    return readFileSync(await download.path(), "utf8");
  };
  const csv = await take("As CSV");
  const rows = JSON.parse(await take("As JSON"));
  assert(csv.startsWith("seq,at,action") && csv.trim().split("\r\n").length === rows.length + 1, csv.slice(0, 200));
  assert(rows.every((row) => row.action === "org.create" && row.hash), "the whole lines");
  assert(!/(^|,)=SUM/m.test(csv), "no cell begins a formula");
});

test("log, settings, storage, jobs and metrics", async (bench) => {
  const page = await bench.open({ who: bench.admin, at: "/#/admin/logs" });
  await bench.server.api("POST", "/api/admin/examples");
  const line = page.locator(".log-line", { hasText: "/api/admin/examples" });
  await line.waitFor();
  await line.locator(".link").click();
  await until(async () => (await page.locator(".log-line").count()) === 1, "the lines of one request");
  await bench.address(page, /request=./);
  await page.goto("/#/admin/settings?q=max-upload");
  await page.getByRole("cell", { name: /^max-upload/ }).waitFor();
  await page.getByRole("switch", { name: "Only what was set" }).click();
  await page.getByText("No setting matches").waitFor();
  await page.goto("/#/admin/storage");
  await page.getByText("There is nothing to sweep.").waitFor();
  assert(await page.getByRole("button", { name: "Sweep now" }).isDisabled(), "nothing to sweep, nothing to press");
  await page.goto("/#/admin/monitor");
  await page.locator("canvas").first().waitFor();
  await page.getByText("Show the figures").first().click();
  await page.getByRole("table", { name: "Figures: Requests a second" }).waitFor();
  await bench.axe(page);
});

test("a list of jobs that is read again keeps the pages that were opened", async (bench) => {
  const { server } = bench;
  for (let i = 0; i < 52; i++) {
    const { job_id: job } = await server.api("POST", "/api/admin/backups");
    await until(async () => (await server.api("GET", `/api/admin/jobs/${job}`)).state === "done", "a backup is made");
  }
  const page = await bench.open({ who: bench.admin, at: "/#/admin/jobs" });
  const rows = page.locator("main tbody tr");
  await page.getByRole("button", { name: "Show more" }).click();
  await until(async () => (await rows.count()) === 52, "both pages are shown");
  const read = page.waitForResponse((answer) => answer.url().includes("/api/admin/jobs?") && answer.url().includes("cursor="));
  const [plugin] = await server.api("GET", "/api/admin/plugins");
  await server.api("PATCH", `/api/admin/plugins/${plugin.id}`, { json: { tag: "renewed" } });
  await read;
  await bench.ready(page);
  assert((await rows.count()) >= 52, "and still are");
}, { fresh: { demo: true } });

test("what waits for a person leads to what mends it", async (bench) => {
  const key = { name: "old robot", scopes: ["cadence:org:plugins:read"], expires_at: new Date(Date.now() + 3 * DAY).toISOString() };
  await bench.server.api("POST", "/api/admin/users/api-keys", { json: key });
  const page = await bench.open({ who: bench.admin, at: "/#/admin/attention" });
  await page.getByText("old robot").waitFor();
  await page.getByRole("link", { name: "To the keys" }).click();
  await page.getByRole("heading", { level: 1, name: "API keys" }).waitFor();
  await page.getByText("Ends soon").waitFor();
});

test("a backup is made, and a restore brings everything back", async (bench) => {
  const { server } = bench;
  await server.org("Kept");
  const page = await bench.open({ who: bench.admin, at: "/#/admin/backups" });
  await page.getByText("No backup yet").waitFor();
  await page.getByRole("button", { name: "Back up now" }).click();
  await page.getByText("Checked", { exact: true }).last().waitFor();
  const [kept] = await server.api("GET", "/api/admin/backups");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: kept.name }).click()]);
  const file = { name: kept.name, mimeType: "application/x-tar", buffer: readFileSync(await download.path()) };
  same(file.buffer.length, kept.bytes);
  await server.org("Lost");

  const input = page.locator('input[type="file"][accept*="tar"]');
  await input.setInputFiles({ ...file, buffer: file.buffer.subarray(0, 5000) });
  await page.locator("main .error").waitFor();
  await input.setInputFiles(file);
  const dialog = page.getByRole("dialog", { name: "Restore this backup?" });
  await dialog.getByRole("row", { name: /Organizations 2 1/ }).waitFor();
  await bench.twoLooks(page, "admin-restore");
  const go = dialog.getByRole("button", { name: "Restore" });
  assert(await go.isDisabled(), "word and password first");
  await dialog.getByLabel("Your password", { exact: true }).fill("not my password");
  await dialog.getByLabel("Type RESTORE to go on").fill("RESTORE");
  await go.click();
  await dialog.getByText("The password is not right").waitFor();
  await dialog.getByLabel("Your password", { exact: true }).fill(server.password);
  await Promise.all([page.waitForEvent("load"), go.click()]); /* the page begins again when it is there again */
  await page.getByRole("heading", { level: 1, name: "Backups" }).or(page.getByRole("button", { name: "Sign in" })).first().waitFor();
  server.adminToken = null;
  same((await server.api("GET", "/api/admin/orgs")).map((one) => one.name), ["Kept"]);
  const back = await bench.open({ who: bench.admin, at: "/#/admin/audit?action=restore.done&machines=1" });
  await back.getByRole("button", { name: "Details of restore.done" }).waitFor();
}, { fresh: {} });
