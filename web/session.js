/*
 * session.js - who is signed in, to which organizations they belong, and what they may do there.
 *
 * can("plugins:write", scope) answers for a scope ("system" or an organization's id); a whole name
 * ("cadence:system:audit:read") is taken as it is. The pages only hide what would be refused: the
 * server decides. What one may do in an organization is asked once, when it is first looked at.
 */
import { api } from "./api.js";
import { kept } from "./kept.js";
import { createStore, useStore } from "./store.js";
import { texts } from "./texts.js";

/* me: undefined = not known yet, null = nobody. grants: scope -> Set of permissions. */
export const session = createStore({ me: undefined, orgs: [], grants: {} });

export const useSession = () => useStore(session);

export async function enter(me) {
  const who = me ?? (await api.me());
  const orgs = await api.orgs();
  session.set({ me: who, orgs: orgs.filter((org) => !org.is_deleted), grants: { system: new Set(who.permissions ?? []) } });
}

export function leave() {
  session.set({ me: null, orgs: [], grants: {} });
}

export function setMe(me) {
  session.set((now) => ({ ...now, me }));
}

/* Platform administrators may do everything everywhere; nobody needs to ask for them. */
export async function loadGrants(scope) {
  const { me, grants } = session.get();
  if (!me || me.is_sys_admin || grants[scope]) return;
  const names = await api.orgPermissions(scope).catch(() => []);
  session.set((now) => ({ ...now, grants: { ...now.grants, [scope]: new Set(names) } }));
}

export const knowsGrants = (state, scope) => Boolean(state.me?.is_sys_admin || state.grants[scope]);

export function may(state, action, scope) {
  const name = action.startsWith("cadence:") ? action : `cadence:${scope === "system" ? "system" : "org"}:${action}`;
  return Boolean(state.me?.is_sys_admin || state.grants.system?.has(name) || (scope !== "system" && state.grants[scope]?.has(name)));
}

export const can = (action, scope) => may(session.get(), action, scope);

/* A hook: the same question, asked again when the answer could be another one. */
export function useCan() {
  const state = useSession();
  return (action, scope) => may(state, action, scope);
}

/* Everything the switcher offers: the system first, then the organizations by name. */
export function scopesOf(state) {
  const orgs = state.orgs
    .map((org) => ({ id: org.org_id, name: org.display_name || org.name, word: org.name, role: org.role, domain: org.domain }))
    .sort((a, b) => a.name.localeCompare(b.name));
  const system = { id: "system", name: texts.scope.system, word: "", role: "", domain: null };
  return may(state, "plugins:read", "system") ? [system, ...orgs] : orgs;
}

export const scopeOf = (state, id) => scopesOf(state).find((one) => one.id === id);

/* Where somebody begins: where they were last, else what they can see. */
export function firstScope(state) {
  const scopes = scopesOf(state);
  const last = kept("scope");
  return (scopes.find((one) => one.id === last) ?? scopes[0])?.id ?? "";
}

/* Organizations and the system, as far as one may upload there. */
export const targetsOf = (state) => scopesOf(state).filter((one) => may(state, "plugins:write", one.id));
