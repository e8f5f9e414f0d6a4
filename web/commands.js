/*
 * commands.js - every action of the pages as a command line: curl, and larder's own verb.
 *
 * A row gives {curl, larder}, the second only where the program has such a verb; the part CopyAs
 * (parts/copy.js) and the menus offer both. Tokens and organizations stand in variables or as their
 * name, so that a copied line holds no secret.
 * To add one: action(method, path, {json, file}, "larder words").
 */
import { homeOf, path, pluginPath, pluginsPath } from "./api.js";
import { scopeOf, session } from "./session.js";

export const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${String(text).replaceAll("'", `'\\''`)}'`);

export function curl(method, where, { json, file, output } = {}) {
  const lines = [`curl ${method === "GET" ? "" : `-X ${method} `}${quoted(location.origin + where)}`, '-H "Authorization: Bearer $TOKEN"'];
  if (json !== undefined) lines.push('-H "Content-Type: application/json"', `-d ${quoted(JSON.stringify(json))}`);
  if (file) lines.push(`-F file=@${quoted(file)}`);
  if (output) lines.push(`-o ${quoted(output)}`);
  return lines.join(" \\\n  ");
}

export const action = (method, where, options, larder) => ({ curl: curl(method, where, options), larder: `larder ${larder}` });

/* Several at once: one line after the other. */
export function together(calls) {
  const lines = (kind) => calls.map((one) => one[kind]).join("\n");
  return { curl: lines("curl"), ...(calls.every((one) => one.larder) && { larder: lines("larder") }) };
}

/* " --org NAME" for an organization, nothing for the system. */
export function orgFlag(scope) {
  if (scope === "system") return "";
  return ` --org ${quoted(scopeOf(session.get(), scope)?.word ?? scope)}`;
}

const named = (plugin) => quoted(`${plugin.pid}@${plugin.version}`);

export const commands = {
  list: (scope) => action("GET", `${pluginsPath(scope)}?include_disabled=true`, {}, `list --all${orgFlag(scope)}`),
  upload: (scope, file = "plugin.zip") =>
    action("POST", `${pluginsPath(scope)}/upload`, { file }, `upload ${quoted(file)}${orgFlag(scope)}`),
  enable: (plugin, scope, on = true) =>
    action("PATCH", pluginPath(plugin, scope), { json: { enabled: on } },
      `${on ? "enable" : "disable"} ${named(plugin)}${orgFlag(homeOf(plugin, scope))}`),
  quarantine: (plugin, scope, on) => ({ curl: curl("PATCH", pluginPath(plugin, scope), { json: { quarantined: on } }) }),
  tag: (plugin, scope, tag) => ({ curl: curl("PATCH", pluginPath(plugin, scope), { json: { tag } }) }),
  download: (plugin, scope) =>
    action("GET", `${pluginsPath(scope)}${path`/${plugin.id}/download`}`, { output: `${plugin.pid}-${plugin.version}.zip` },
      `download ${named(plugin)}${orgFlag(scope)}`),
  versions: (plugin, scope) =>
    action("GET", `${pluginsPath(scope)}${path`/${plugin.pid}/versions`}`, {}, `versions ${quoted(plugin.pid)}${orgFlag(scope)}`),
  rollback: (plugin, scope) => ({ curl: curl("POST", `${pluginPath(plugin, scope)}/rollback`) }),
  check: (plugin, scope) =>
    action("POST", `${pluginPath(plugin, scope)}/health`, {}, `health ${named(plugin)} --check${orgFlag(homeOf(plugin, scope))}`),
  report: (plugin, scope) => ({ curl: curl("GET", `${pluginsPath(scope)}${path`/${plugin.id}/report`}`) }),
  difference: (plugin, other, scope) => ({ curl: curl("GET", `${pluginsPath(scope)}${path`/${plugin.id}/diff?with=${other.id}`}`) }),
  v1Delete: (name, version) => ({ curl: curl("DELETE", path`/api/v1/plugins/uploaded/${name}/${version}`) }),
  v1Reload: () => action("POST", "/api/v1/plugins/reload", {}, "reload"),
  saveProfile: (what) => ({ curl: curl("PATCH", "/api/me/profile", { json: what }) }),
  revokeSession: (id) => ({ curl: curl("DELETE", path`/api/me/sessions/${id}`) }),
  createOrg: () => ({ curl: curl("POST", "/api/admin/orgs", { json: { name: "Acme", domain: "acme.example" } }) }),
  loadExamples: () => ({ curl: curl("POST", "/api/admin/examples") }),
};
