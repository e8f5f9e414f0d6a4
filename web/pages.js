/*
 * pages.js - which view stands behind which address, and who is offered it. One row per page.
 *
 *   path    with :parts; ":scope" is an organization's id or "system"
 *   load    fetches the view's file when it is first shown; `view` names its export. A view gets
 *           {me, scope, params, query}; it reads more with useRoute() and changes it with setQuery()
 *   sheet   the stylesheet in css/ that only such views need; it is in the page before they are drawn
 *   needs   the permission without which the page is neither offered nor shown: "plugins:read" in
 *           the scope of the address, or a whole name as "cadence:system:audit:read"
 *   only    "org": not for the system, whose catalog has no such page
 *   nav     {group: "scope" | "people" | "system", icon}: stands at the side; without it the page is reached by links
 *
 * A new noun is a file in views/, a row here and its words in texts.js.
 */
import { match } from "./router.js";
import { texts } from "./texts.js";

export const pages = [
  {
    id: "catalog",
    path: "/o/:scope/catalog",
    title: texts.nav.catalog,
    load: () => import("./views/catalog.js"),
    view: "Catalog",
    needs: "plugins:read",
    nav: { group: "scope", icon: "box" },
  },
  {
    id: "plugin",
    path: "/o/:scope/plugins/:pid",
    title: texts.nav.plugin,
    load: () => import("./views/plugin.js"),
    view: "Plugin",
    sheet: "plugin",
    needs: "plugins:read",
  },
  {
    id: "members",
    path: "/o/:scope/members",
    title: texts.members.title,
    load: () => import("./views/members.js"),
    view: "Members",
    sheet: "admin",
    needs: "members:read",
    only: "org",
    nav: { group: "scope", icon: "people" },
  },
  {
    id: "orgs",
    path: "/admin/orgs",
    title: texts.orgs.title,
    load: () => import("./views/orgs.js"),
    view: "Orgs",
    sheet: "admin",
    needs: "cadence:system:orgs:read",
    nav: { group: "people", icon: "org" },
  },
  {
    id: "users",
    path: "/admin/users",
    title: texts.users.title,
    load: () => import("./views/users.js"),
    view: "Users",
    sheet: "admin",
    needs: "cadence:system:users:read",
    nav: { group: "people", icon: "person" },
  },
  {
    id: "roles",
    path: "/admin/roles",
    title: texts.roles.title,
    load: () => import("./views/roles.js"),
    view: "Roles",
    sheet: "admin",
    needs: "cadence:system:roles:read",
    nav: { group: "people", icon: "shield" },
  },
  {
    id: "keys",
    path: "/admin/keys",
    title: texts.keys.title,
    load: () => import("./views/keys.js"),
    view: "Keys",
    sheet: "admin",
    needs: "cadence:system:api_keys:read",
    nav: { group: "people", icon: "key" },
  },
  {
    id: "attention",
    path: "/admin/attention",
    title: texts.attention.title,
    load: () => import("./views/attention.js"),
    view: "Attention",
    sheet: "admin",
    needs: "cadence:system:metrics:read",
    nav: { group: "system", icon: "attention" },
  },
  {
    id: "monitor",
    path: "/admin/monitor",
    title: texts.monitor.title,
    load: () => import("./views/monitor.js"),
    view: "Monitor",
    sheet: "admin",
    needs: "cadence:system:metrics:read",
    nav: { group: "system", icon: "health" },
  },
  {
    id: "replication",
    path: "/admin/replication",
    title: texts.replication.title,
    load: () => import("./views/replication.js"),
    view: "Replication",
    sheet: "admin",
    needs: "cadence:system:storage:read",
    nav: { group: "system", icon: "cloud" },
  },
  {
    id: "storage",
    path: "/admin/storage",
    title: texts.storage.title,
    load: () => import("./views/storage.js"),
    view: "Storage",
    sheet: "admin",
    needs: "cadence:system:storage:read",
    nav: { group: "system", icon: "storage" },
  },
  {
    id: "backups",
    path: "/admin/backups",
    title: texts.backups.title,
    load: () => import("./views/backups.js"),
    view: "Backups",
    sheet: "admin",
    needs: "cadence:system:backup:read",
    nav: { group: "system", icon: "backup" },
  },
  {
    id: "jobs",
    path: "/admin/jobs",
    title: texts.jobs.title,
    load: () => import("./views/jobs.js"),
    view: "Jobs",
    sheet: "admin",
    needs: "cadence:system:plugins:read",
    nav: { group: "system", icon: "clock" },
  },
  {
    id: "audit",
    path: "/admin/audit",
    title: texts.audit.title,
    load: () => import("./views/audit.js"),
    view: "Audit",
    sheet: "admin",
    needs: "cadence:system:audit:read",
    nav: { group: "system", icon: "audit" },
  },
  {
    id: "logs",
    path: "/admin/logs",
    title: texts.logs.title,
    load: () => import("./views/logs.js"),
    view: "Logs",
    sheet: "admin",
    needs: "cadence:system:logs:read",
    nav: { group: "system", icon: "log" },
  },
  {
    id: "settings",
    path: "/admin/settings",
    title: texts.settings.title,
    load: () => import("./views/settings.js"),
    view: "Settings",
    sheet: "admin",
    needs: "cadence:system:metrics:read",
    nav: { group: "system", icon: "gear" },
  },
  {
    id: "account",
    path: "/account",
    title: texts.nav.account,
    load: () => import("./views/account.js"),
    view: "Account",
  },
];

const sheets = new Map(); // name -> promise: it is in the page

function sheet(name) {
  const link = document.createElement("link");
  const loaded = new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => (sheets.delete(name), link.remove(), reject(new Error(texts.error.offline)));
  });
  link.rel = "stylesheet";
  link.href = new URL(`./css/${name}.css`, import.meta.url).href;
  document.head.append(link);
  sheets.set(name, loaded);
  return loaded;
}

/* The file of a page's view; what it looks like has arrived by then. */
export async function loadPage(page) {
  const [file] = await Promise.all([page.load(), page.sheet && (sheets.get(page.sheet) ?? sheet(page.sheet))]);
  return file;
}

/* Is there such a page in this scope? */
export const hasPage = (page, scope) => !page.path.includes(":scope") || (scope !== "" && (page.only !== "org" || scope !== "system"));

/* {page, params} of a path, or null. */
export function pageAt(path) {
  for (const page of pages) {
    const params = match(page.path, path);
    if (params) return { page, params };
  }
  return null;
}

export const membersPath = (scope) => `/o/${encodeURIComponent(scope)}/members`;
export const catalogPath = (scope) => `/o/${encodeURIComponent(scope)}/catalog`;
export const pluginPagePath = (scope, pid) => `/o/${encodeURIComponent(scope)}/plugins/${encodeURIComponent(pid)}`;
