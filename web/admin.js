/*
 * admin.js - the calls of the administration's pages, and their command lines.
 *
 * They stand beside api.js, whose `call` they go through, since most people never open such a page.
 * What a call does, and which permission it needs, is told at /docs.
 */
import { api, call, listPage, path, sendFile } from "./api.js";
import { action, curl, quoted } from "./commands.js";

const all = async (where, query) => {
  const rows = [];
  let cursor = "";
  do {
    const page = await listPage(where, { ...query, limit: 200, cursor });
    rows.push(...page.rows);
    cursor = page.next;
  } while (cursor);
  return rows;
};

export const admin = {
  /* Organizations and people */
  orgs: () => all("/api/admin/orgs"),
  createOrg: (what) => call("POST", "/api/admin/orgs", { json: what }),
  changeOrg: (id, changes) => call("PATCH", path`/api/admin/orgs/${id}`, { json: changes }),
  quota: (id) => call("GET", path`/api/admin/orgs/${id}/quota`),
  users: () => all("/api/admin/users"),
  createUser: (what) => call("POST", "/api/admin/users", { json: what }),
  changeUser: (id, changes) => call("PATCH", path`/api/admin/users/${id}`, { json: changes }),
  deleteUser: (id) => call("DELETE", path`/api/admin/users/${id}`),
  findUser: (name) => call("GET", `/api/users?${new URLSearchParams(name.includes("@") ? { email: name } : { username: name })}`),
  members: (org) => all(path`/api/orgs/${org}/users`),
  addMember: (org, what) => call("POST", path`/api/orgs/${org}/members`, { json: what }),
  changeMember: (org, id, changes) => call("PATCH", path`/api/orgs/${org}/users/${id}/membership`, { json: changes }),
  removeMember: (org, id) => call("DELETE", path`/api/orgs/${org}/users/${id}`),

  /* Roles and keys */
  roles: () => call("GET", "/api/admin/roles"),
  permissions: () => call("GET", "/api/admin/permissions"),
  createRole: (what) => call("POST", "/api/admin/roles", { json: what }),
  changeRole: (id, changes) => call("PATCH", path`/api/admin/roles/${id}`, { json: changes }),
  deleteRole: (id) => call("DELETE", path`/api/admin/roles/${id}`),
  rolesOf: (user) => call("GET", path`/api/admin/users/${user}/roles`),
  giveRole: (user, what) => call("POST", path`/api/admin/users/${user}/roles`, { json: what }),
  takeRole: (user, role, org) => call("DELETE", path`/api/admin/users/${user}/roles/${role}` + (org ? `?org_id=${encodeURIComponent(org)}` : "")),
  keys: (everybody, revoked) => call("GET", `/api/admin/users/api-keys?${new URLSearchParams({ all: everybody, include_revoked: revoked })}`),
  createKey: (what) => call("POST", "/api/admin/users/api-keys", { json: what }),
  revokeKey: (id) => call("DELETE", path`/api/admin/users/api-keys/${id}`),

  /* The record */
  audit: (query, cursor) => listPage("/api/admin/audit", { limit: 50, ...query, cursor }),
  jobs: (query, cursor) => listPage("/api/admin/jobs", { limit: 50, ...query, cursor }),
  job: (id) => call("GET", path`/api/admin/jobs/${id}`),
  log: (query) => call("GET", `/api/admin/logs?${new URLSearchParams(query)}`),
  settings: () => call("GET", "/api/admin/config"),
  attention: () => call("GET", "/api/admin/attention"),
  askHealth: (org, id) => call("POST", org ? path`/api/admin/orgs/${org}/plugins/${id}/health` : path`/api/admin/plugins/${id}/health`),

  /* The machine */
  readyNow: () => api.isReady(),
  about: () => call("GET", "/health"),
  metrics: async () => (await call("GET", "/metrics", { accept: "text/plain" })).text(),
  storage: () => call("GET", "/api/admin/storage"),
  sweep: () => call("POST", "/api/admin/storage/sweep"),
  replication: () => call("GET", "/api/admin/replication"),
  sync: () => call("POST", "/api/admin/replication/sync"),
  becomeWriter: () => call("POST", "/api/admin/replication/writer"),
  acceptBucket: () => call("POST", "/api/admin/replication/bucket"),
  conflicts: (resolved) => all("/api/admin/replication/conflicts", { resolved }),
  resolveConflict: (id) => call("POST", path`/api/admin/replication/conflicts/${id}/resolve`),
  conflictPath: (id) => path`/api/admin/replication/conflicts/${id}/download`,

  /* Backups */
  backups: () => call("GET", "/api/admin/backups"),
  makeBackup: () => call("POST", "/api/admin/backups"),
  deleteBackup: (name) => call("DELETE", path`/api/admin/backups/${name}`),
  backupPath: (name) => path`/api/admin/backups/${name}`,
  previewBackup: (name) => call("POST", path`/api/admin/backups/${name}/preview`),
  previewFile: (file, options) => sendFile("/api/admin/restore/preview", file, { ...options, type: "application/x-tar" }),
  restore: (token, password) => call("POST", "/api/admin/restore", { json: { token, password, confirm: "RESTORE" } }),
};

const only = (method, where, json) => ({ curl: curl(method, where, { json }) }); /* no verb of larder does it */

export const adminCommands = {
  createOrg: (what) => only("POST", "/api/admin/orgs", what),
  changeOrg: (id, changes) => only("PATCH", path`/api/admin/orgs/${id}`, changes),
  createUser: (what) => only("POST", "/api/admin/users", what),
  changeUser: (id, changes) => only("PATCH", path`/api/admin/users/${id}`, changes),
  deleteUser: (id) => only("DELETE", path`/api/admin/users/${id}`),
  giveRole: (user, what) => only("POST", path`/api/admin/users/${user}/roles`, what),
  addMember: (org, what) => only("POST", path`/api/orgs/${org}/members`, what),
  changeMember: (org, id, changes) => only("PATCH", path`/api/orgs/${org}/users/${id}/membership`, changes),
  removeMember: (org, id) => only("DELETE", path`/api/orgs/${org}/users/${id}`),
  createRole: (what) => only("POST", "/api/admin/roles", what),
  changeRole: (id, changes) => only("PATCH", path`/api/admin/roles/${id}`, changes),
  deleteRole: (id) => only("DELETE", path`/api/admin/roles/${id}`),
  revokeKey: (id) => action("DELETE", path`/api/admin/users/api-keys/${id}`, {}, `token revoke ${id}`),
  createKey: (what) => action("POST", "/api/admin/users/api-keys", { json: what }, `token create ${quoted(what.name || "LABEL")} --scopes ${quoted(what.scopes.join(",") || "LIST")}`),
  audit: (query) => only("GET", `/api/admin/audit?${new URLSearchParams(query)}`),
  verifyAudit: "larder audit verify",
  sync: () => action("POST", "/api/admin/replication/sync", {}, "sync"),
  sweep: () => only("POST", "/api/admin/storage/sweep"),
  becomeWriter: () => only("POST", "/api/admin/replication/writer"),
  acceptBucket: () => only("POST", "/api/admin/replication/bucket"),
  resolveConflict: (id) => only("POST", path`/api/admin/replication/conflicts/${id}/resolve`),
  restore: (token) => action("POST", "/api/admin/restore", { json: { token, password: "…", confirm: "RESTORE" } }, "restore FILE --force"),
  deleteBackup: (name) => only("DELETE", path`/api/admin/backups/${name}`),
  settings: () => action("GET", "/api/admin/config", {}, "config"),
  metrics: () => only("GET", "/metrics"),
  log: () => only("GET", "/api/admin/logs?limit=500"),
  jobs: () => only("GET", "/api/admin/jobs"),
  makeBackup: () => action("POST", "/api/admin/backups", {}, "backup FILE"),
  backup: (name) => ({ curl: curl("GET", path`/api/admin/backups/${name}`, { output: name }) }),
};
