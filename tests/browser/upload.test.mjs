/*
 * Uploads: chosen and dropped, archives and folders, clean and refused ones, cancelled and tried
 * again, and a session that ends in the middle.
 */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "./lib/harness.mjs";
import { assert, same, until } from "./lib/bench.mjs";
import { asFile, filesOf, oldFiles, packageOf, zip } from "./lib/packages.mjs";

const panel = (page) => page.getByRole("dialog", { name: "Uploads" });
const item = (page, name) => panel(page).getByRole("listitem").filter({ hasText: name });

async function openPanel(page) {
  await page.getByRole("heading", { name: /Catalog|No plugin yet/ }).first().waitFor();
  await page.keyboard.press("u");
  await panel(page).waitFor();
}

const choose = (page, files) => page.locator('input[data-for="files"]').setInputFiles(files);

/* A drop as the browser makes it, into the zone of a target. */
async function drop(page, files, target) {
  const data = await page.evaluateHandle((list) => {
    const transfer = new DataTransfer();
    for (const { name, bytes } of list) transfer.items.add(new File([new Uint8Array(bytes)], name));
    return transfer;
  }, files.map(({ name, buffer }) => ({ name, bytes: [...buffer] })));
  await page.dispatchEvent("body", "dragenter", { dataTransfer: data });
  if (!target) return { release: () => page.dispatchEvent("body", "drop", { dataTransfer: data }) }; /* onto the open panel */
  const zone = page.locator(`.drop-zone[data-target="${target}"]`);
  await zone.waitFor();
  await zone.dispatchEvent("dragenter", { dataTransfer: data });
  await zone.dispatchEvent("dragover", { dataTransfer: data });
  return { release: () => zone.dispatchEvent("drop", { dataTransfer: data }) };
}

test("clean files go on by themselves, refused ones say why and where", async (bench) => {
  const page = await bench.open({ who: bench.admin });
  await openPanel(page);
  const broken = Buffer.from(await zip([{ name: "plugin.py", bytes: new TextEncoder().encode("x = \n") }]).arrayBuffer());
  await choose(page, [asFile("good.zip", await packageOf({ pid: "com.acme.good", name: "Good" })), asFile("broken.zip", broken), asFile("text.zip", Buffer.from("no archive"))]);
  await item(page, "com.acme.good").getByText("In the catalog").waitFor();
  await item(page, "broken.zip").getByText("Refused").waitFor();
  await item(page, "broken.zip").getByText(/plugin\.py, line \d/).waitFor();
  await item(page, "text.zip").getByText("Refused").waitFor();
  await bench.everyLook(page, "uploads");
  await item(page, "com.acme.good").getByRole("button", { name: "Disable again" }).click();
  await page.getByText("com.acme.good is disabled again.").waitFor();
  const rows = await bench.server.api("GET", "/api/admin/plugins");
  same(rows.map((row) => [row.pid, row.enabled]), [["com.acme.good", false]]);
  await panel(page).getByRole("button", { name: "Close" }).first().click();
  await panel(page).waitFor({ state: "detached" });
});

test("dropped where they belong: each catalog has its zone", async (bench) => {
  const org = await bench.server.org("Fabrikam");
  const page = await bench.open({ who: bench.admin });
  await page.getByRole("heading", { level: 1 }).waitFor();
  const held = await drop(page, [{ name: "own.zip", buffer: await packageOf({ pid: "example.fabrikam.own", name: "Own" }) }], org.org_id);
  await bench.everyLook(page, "drop");
  await held.release();
  await item(page, "example.fabrikam.own").getByText("In the catalog").waitFor();
  same((await bench.server.api("GET", `/api/orgs/${org.org_id}/plugins?source=org`)).map((row) => row.pid), ["example.fabrikam.own"]);
  await panel(page).getByLabel("Upload into").selectOption({ label: "Fabrikam" });
  await (await drop(page, [{ name: "more.zip", buffer: await packageOf({ pid: "example.fabrikam.more", name: "More" }) }], "")).release();
  await item(page, "example.fabrikam.more").getByText("In the catalog").waitFor();
  await panel(page).getByRole("button", { name: "Close" }).first().click();
  const again = await drop(page, [{ name: "notes.txt", buffer: Buffer.from("x") }], "system");
  await again.release();
  await page.getByText("There is no ZIP and no folder with a plugin.py").waitFor();
});

test("a folder is packed, a folder of archives unfolded", async (bench) => {
  const folder = mkdtempSync(join(tmpdir(), "larder-folder-"));
  try {
    mkdirSync(join(folder, "all", "packed", "__pycache__"), { recursive: true });
    for (const { name, bytes } of filesOf({ pid: "com.acme.packed", name: "Packed" })) writeFileSync(join(folder, "all", "packed", name), bytes);
    writeFileSync(join(folder, "all", "packed", "__pycache__", "plugin.pyc"), "left out");
    writeFileSync(join(folder, "all", "inside.zip"), await packageOf({ pid: "com.acme.inside", name: "Inside" }));
    const page = await bench.open({ who: bench.admin });
    await openPanel(page);
    await page.locator('input[data-for="folder"]').setInputFiles(join(folder, "all"));
    await item(page, "com.acme.packed").getByText("In the catalog").waitFor();
    await item(page, "com.acme.inside").getByText("In the catalog").waitFor();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("files with findings wait for a word", async (bench) => {
  const page = await bench.open({ who: bench.admin });
  await openPanel(page);
  await page.route(/upload\?.*dry_run=true/, (route) =>
    route.fulfill({ json: { message: "ok", pid: "com.acme.wait", version: "1.0.0", dry_run: true, warnings: [
      { rule: "source.network", stage: "structure", file: "plugin.py", line: 7, message: "It opens a connection", remedy: "Say so in the README" }] } }));
  await choose(page, [asFile("wait.zip", await packageOf({ pid: "com.acme.wait", name: "Wait" }))]);
  const one = item(page, "wait.zip");
  await one.getByText("Needs a look").waitFor();
  for (const text of ["Structure", "source.network", "plugin.py, line 7", "It opens a connection", "Say so in the README"]) await one.getByText(text, { exact: true }).waitFor();
  await bench.everyLook(page, "uploads-findings");
  await one.getByRole("button", { name: "Upload anyway" }).click();
  await item(page, "com.acme.wait").getByText("In the catalog").waitFor();
});

test("a package of the older layout goes over the older API, where it can be replaced", async (bench) => {
  const old = Buffer.from(await zip(oldFiles("math_plugin")).arrayBuffer());
  const other = Buffer.from(await zip(oldFiles("math_plugin", "Does other sums")).arrayBuffer());
  const page = await bench.open({ who: bench.admin });
  await openPanel(page);
  for (const [bytes, replaces] of [[old, false], [other, true]]) {
    await choose(page, [asFile("math_plugin-1.0.0.zip", bytes)]);
    await item(page, "math_plugin").getByRole("button", { name: "Upload over the v1 API" }).click();
    if (replaces) {
      await item(page, "math_plugin").getByRole("button", { name: "Replace the version" }).click();
      const question = page.getByRole("dialog", { name: "Replace the version?" });
      await question.waitFor();
      await bench.axe(page);
      await question.getByRole("button", { name: "Replace the version" }).click();
    }
    await item(page, "legacy.math_plugin").getByText("In the catalog").waitFor();
    await panel(page).getByRole("button", { name: "Clear finished" }).click();
  }
  const [row] = (await bench.server.api("GET", "/api/admin/plugins")).filter((one) => one.pid === "legacy.math_plugin");
  same(row.description, "Does other sums");
});

test("cancelled, tried again, and the same bytes twice", async (bench) => {
  const page = await bench.open({ who: bench.admin });
  await openPanel(page);
  let held = null;
  let tell;
  const seen = new Promise((resolve) => (tell = resolve));
  await page.route(/upload\?.*dry_run=true/, (route) => {
    held = route;
    tell();
  }, { times: 1 });
  const file = asFile("slow.zip", await packageOf({ pid: "com.acme.slow", name: "Slow" }));
  await choose(page, [file]);
  await seen;
  await item(page, "slow.zip").getByRole("button", { name: "Cancel" }).click();
  await item(page, "slow.zip").getByText("Cancelled").waitFor();
  await held.abort().catch(() => {});
  await item(page, "slow.zip").getByRole("button", { name: "Try again" }).click();
  await item(page, "com.acme.slow").getByText("In the catalog").waitFor();
  await choose(page, [file]);
  await item(page, "com.acme.slow").getByText("Already there").waitFor();
  await panel(page).getByRole("button", { name: "Clear finished" }).click();
  await until(async () => (await panel(page).getByRole("listitem").count()) === 0, "the list is empty");
});

test("a session that ends during an upload loses nothing", async (bench) => {
  const person = await bench.server.user("uploader", { is_sys_admin: true });
  const page = await bench.open({ who: person });
  await openPanel(page);
  await page.context().clearCookies();
  await choose(page, [asFile("later.zip", await packageOf({ pid: "com.acme.later", name: "Later" }))]);
  const again = page.getByRole("dialog", { name: "Your session has ended" });
  await again.waitFor();
  await bench.everyLook(page, "sign-in-again");
  await again.getByLabel("Password", { exact: true }).fill(person.password);
  await again.getByRole("button", { name: "Sign in" }).click();
  await item(page, "com.acme.later").getByText("In the catalog").waitFor();
  await until(async () => (await page.getByRole("dialog").count()) === 1, "the question goes away");
});

test("the page's archives are what larder itself would pack", async () => {
  const files = filesOf({}, { "ümlaut.txt": "ä" });
  const bytes = Buffer.from(await zip(files).arrayBuffer());
  same(bytes.readUInt32LE(0), 0x04034b50);
  const names = [];
  for (let at = bytes.readUInt32LE(bytes.length - 6); bytes.readUInt32LE(at) === 0x02014b50; at += 46 + bytes.readUInt16LE(at + 28)) {
    names.push(bytes.subarray(at + 46, at + 46 + bytes.readUInt16LE(at + 28)).toString());
    assert(names.at(-1) !== "ümlaut.txt" || bytes.readUInt16LE(at + 8) === 0x800, "a name beyond ASCII is marked as UTF-8");
  }
  same(names, files.map((one) => one.name).sort());
});
