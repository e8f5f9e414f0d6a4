/*
 * pages.js - which view stands behind which address, and who is offered it. One row per page.
 *
 *   path    with :parts; ":scope" is an organization's id or "system"
 *   load    fetches the view's file when it is first shown; `view` names its export. A view gets
 *           {me, scope, params, query}; it reads more with useRoute() and changes it with setQuery()
 *   needs   the permission without which the page is neither offered nor shown: "plugins:read" in
 *           the scope of the address, or a whole name as "cadence:system:audit:read"
 *   nav     {group: "scope" | "system", icon}: stands at the side; without it the page is reached by links
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
    needs: "plugins:read",
  },
  {
    id: "account",
    path: "/account",
    title: texts.nav.account,
    load: () => import("./views/account.js"),
    view: "Account",
  },
];

/* {page, params} of a path, or null. */
export function pageAt(path) {
  for (const page of pages) {
    const params = match(page.path, path);
    if (params) return { page, params };
  }
  return null;
}

export const catalogPath = (scope) => `/o/${encodeURIComponent(scope)}/catalog`;
export const pluginPagePath = (scope, pid) => `/o/${encodeURIComponent(scope)}/plugins/${encodeURIComponent(pid)}`;
