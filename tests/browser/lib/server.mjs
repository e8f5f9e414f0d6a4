/*
 * server.mjs - a real `larder serve` on a free port with a folder of its own, and a client of it.
 *
 * The line it prints says that it listens and where. It is ended by its process id, and
 * killed only when it hangs. startServer({demo, setup, data, args, env}): demo = with the example
 * orgs and people, setup = without an administrator, whose link is then in server.setupLink.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const named = process.env.LARDER_BIN ?? "build/larder";
export const binary = isAbsolute(named) ? named : join(root, named);
const START_MS = 60000;
const STOP_MS = 60000;
/* While the pages are being written: a folder to serve them from, instead of the binary. */
const pages = process.env.LARDER_PAGES ? ["--web-dir", process.env.LARDER_PAGES] : [];

function environment(extra) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(LARDER_|CADENCE_|NOTIFY_SOCKET|LISTEN_|.*_proxy$)/i.test(name));
  return { ...Object.fromEntries(kept), ...extra };
}

class Server {
  constructor(process, folder, password) {
    Object.assign(this, { process, folder, password, log: "", out: "" });
    process.stderr.on("data", (piece) => (this.log += piece));
  }

  listening() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server did not start:\n${this.log}`)), START_MS);
      this.process.on("exit", () => reject(new Error(`the server ended:\n${this.log}`)));
      this.process.stdout.on("data", (piece) => {
        this.out += piece;
        const found = /listening on (http:\/\/\S+)/.exec(this.out);
        if (!found) return;
        clearTimeout(timer);
        this.url = found[1];
        resolve(this);
      });
    });
  }

  /* What it wrote to its log, as soon as it stands there. */
  printed(pattern) {
    return new Promise((resolve, reject) => {
      const look = () => pattern.test(this.log) && resolve(pattern.exec(this.log)[0]);
      this.process.stderr.on("data", look);
      this.process.on("exit", () => reject(new Error(`the server ended:\n${this.log}`)));
      look();
    });
  }

  /* Another verb of the program beside this server; gives what it printed. */
  cli(...args) {
    const done = spawnSync(binary, [...args, "--data", join(this.folder, "data")], { encoding: "utf8", env: environment({}) });
    if (done.status !== 0) throw new Error(`larder ${args.join(" ")}: ${done.stderr}`);
    return done.stdout;
  }

  signal(name) {
    this.process.kill(name);
  }

  stop({ keep = false } = {}) {
    return new Promise((resolve) => {
      const end = () => {
        if (!keep) rmSync(this.folder, { recursive: true, force: true });
        resolve();
      };
      if (this.process.exitCode !== null || this.process.signalCode !== null) return end();
      const timer = setTimeout(() => this.process.kill("SIGKILL"), STOP_MS);
      this.process.removeAllListeners("exit");
      this.process.on("exit", () => {
        clearTimeout(timer);
        end();
      });
      return this.process.kill("SIGTERM");
    });
  }

  /* ---- the API, for setting a scene ---- */

  /* On a line of its own: one that was kept may just have been hung up. */
  async call(token, method, path, { json, body, type } = {}) {
    const headers = { Connection: "close", ...(token && { Authorization: `Bearer ${token}` }) };
    if (json !== undefined) headers["Content-Type"] = "application/json";
    if (type) headers["Content-Type"] = type;
    const answer = await fetch(this.url + path, { method, headers, body: json === undefined ? body : JSON.stringify(json) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  async token(username, password) {
    const body = new URLSearchParams({ grant_type: "password", username, password });
    const answer = await this.call(null, "POST", "/oauth2/token", { body, type: "application/x-www-form-urlencoded" });
    return answer.access_token;
  }

  async admin() {
    this.adminToken ??= await this.token("admin", this.password);
    return this.adminToken;
  }

  async api(method, path, options) {
    return this.call(await this.admin(), method, path, options);
  }

  async upload(scope, zip, name = "plugin.zip") {
    const base = scope === "system" ? "/api/admin/plugins" : `/api/orgs/${scope}/plugins`;
    return this.api("POST", `${base}/upload?filename=${name}`, { body: zip, type: "application/zip" });
  }

  async org(name) {
    return this.api("POST", "/api/admin/orgs", { json: { name, domain: `${name.toLowerCase()}.example` } });
  }

  /* A user; in an organization when one is given. */
  async user(username, { org, isAdmin = false, ...more } = {}) {
    const password = `pass-of-${username}-0123456789`;
    const row = await this.api("POST", "/api/admin/users", { json: { username, password, ...more } });
    if (org) await this.api("POST", `/api/orgs/${org.org_id}/members`, { json: { user_id: row.user_id, is_admin: isAdmin } });
    return { ...row, username, password };
  }
}

export async function startServer({ demo, setup, folder, port = 0, args = [], env = {} } = {}) {
  const place = folder ?? mkdtempSync(join(tmpdir(), "larder-browser-"));
  const password = "browser-tests-of-larder";
  const words = ["serve", "--data", join(place, "data"), "--listen", `127.0.0.1:${port}`, ...(demo ? ["--demo"] : []), ...pages, ...args];
  const child = spawn(binary, words, { stdio: ["ignore", "pipe", "pipe"], env: environment({ ...(!setup && { LARDER_ADMIN_PASSWORD: password }), ...env }) });
  const server = await new Server(child, place, password).listening();
  if (setup) server.setupLink = await server.printed(/http:\S+\/setup#token=\S+(?=\n)/);
  return server;
}
