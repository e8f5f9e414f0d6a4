/*
 * keys.js - keys for programs: made, shown once, revoked.
 *
 * The key itself is in the answer to its making and nowhere else; it stands in a dialog until that
 * is closed, and is kept by no store of the page.
 */
import { html, useState } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { Badge, Button, Choice, Command, confirm, CopyAs, Dialog, EmptyState, Loaded, Table, Time, toast, useLoad, ViewHead } from "../parts.js";
import { Ask } from "../parts/ask.js";
import { PickPermissions } from "../parts/permissions.js";
import { setQuery } from "../router.js";
import { useCan, useSession } from "../session.js";
import { texts } from "../texts.js";

const t = texts.keys;
const SOON_MS = 14 * 86400e3;

const endsAt = (days) => (days === "never" ? undefined : new Date(Date.now() + Number(days) * 86400e3).toISOString());

function stateOf(key) {
  if (!key.is_active) return { text: t.ended, kind: "" };
  const left = key.expires_at ? Date.parse(key.expires_at) - Date.now() : Infinity;
  return left < SOON_MS ? { text: t.soon, kind: "warn" } : { text: t.active, kind: "ok" };
}

function Shown({ made, onClose }) {
  return html`<${Dialog} title=${t.shownTitle} onClose=${onClose} foot=${html`<${Button} kind="main" onClick=${onClose}>${t.shownDone}<//>`}>
    <p class="notice notice-warn">${t.shownNote}</p>
    <p class="label">${made.name}</p>
    <${Command}>${made.raw_key}<//>
    <p class="label">${t.use}</p>
    <${Command}>${`curl -H 'X-API-KEY: ${made.raw_key}' ${location.origin}/api/me`}<//>
  <//>`;
}

function Fresh({ me, orgs, onMade, onClose }) {
  const mine = me.permissions ?? [];
  const permissions = useLoad(() => admin.permissions().catch(() => mine));
  const whole = ({ name, days, org_id, extra }) => ({ name: name.trim(), scopes: extra ?? [], ...(endsAt(days) && { expires_at: endsAt(days) }), ...(org_id && { org_id }) });
  const make = async (values) => onMade(await admin.createKey(whole(values)));
  const fields = [
    { key: "name", label: t.name, needed: true },
    { key: "days", label: t.expires, type: "select", field: "expires_at", options: Object.entries(t.expiry).map(([id, label]) => ({ id, label })) },
    { key: "org_id", label: t.org, type: "select", options: [{ id: "", label: t.anyOrg }, ...orgs.map((org) => ({ id: org.org_id, label: org.display_name || org.name }))] },
  ];
  return html`<${Ask} wide title=${t.create} action=${t.create} fields=${fields} start=${{ days: "90", extra: ["cadence:org:plugins:read"] }} call=${(values) => adminCommands.createKey(whole(values))} onSubmit=${make} onClose=${onClose}>
    ${(chosen, choose) => html`<p class="label">${t.scopes}</p>
      <${Loaded} from=${permissions}>${(names) => html`<${PickPermissions} names=${names} chosen=${chosen ?? []} onChosen=${choose} />`}<//>`}
  <//>`;
}

export function Keys({ me, query }) {
  const can = useCan();
  const { orgs } = useSession();
  const everybody = query.whose === "all";
  const revokedToo = query.revoked === "1";
  const list = useLoad(() => Promise.all([admin.keys(everybody, revokedToo), everybody ? admin.users().catch(() => []) : []]), [everybody, revokedToo]);
  const [open, setOpen] = useState(null);
  const writes = can("cadence:system:api_keys:write");
  const revoke = async (key) => {
    if (!(await confirm({ title: t.revokeTitle(key.name), text: t.revokeText, action: t.revoke, danger: true, call: adminCommands.revokeKey(key.id) }))) return;
    try {
      await admin.revokeKey(key.id);
      toast(t.revoked(key.name));
    } catch (error) {
      toast({ error });
    }
    list.reload();
  };
  const made = (key) => {
    list.reload();
    setTimeout(() => setOpen({ made: key })); /* after the form has closed itself */
  };
  const columns = (people) => [
    { key: "name", title: t.columns.name, render: (key) => html`<span class="row-title">${key.name}</span><span class="row-note mono">${key.key_prefix}…</span>` },
    ...(everybody ? [{ key: "owner", title: t.columns.owner, render: (key) => people.find((one) => one.user_id === key.user_id)?.username ?? key.user_id }] : []),
    { key: "scopes", title: t.columns.scopes, render: (key) => html`<span class="mono soft scopes">${key.scopes.join(", ") || t.all}</span>` },
    { key: "used", title: t.columns.used, render: (key) => html`<${Time} at=${key.last_used_at} />` },
    { key: "expires", title: t.columns.expires, render: (key) => (key.expires_at ? html`<${Time} at=${key.expires_at} />` : html`<span class="soft">${t.never}</span>`) },
    { key: "state", title: t.columns.state, render: (key) => html`<${Badge} kind=${stateOf(key).kind}>${stateOf(key).text}<//>` },
    { key: "more", title: t.columns.more, hidden: true, end: true, render: (key) => writes && key.is_active && html`<${Button} small kind="danger" aria-label=${t.revokeNamed(key.name)} onClick=${() => revoke(key)}>${t.revoke}<//>` },
  ];
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead}>
      <${CopyAs} call=${adminCommands.createKey({ name: "ci", scopes: ["cadence:org:plugins:read"] })} />
      ${writes && html`<${Button} kind="main" icon="plus" onClick=${() => setOpen({ fresh: true })}>${t.create}<//>`}
    <//>
    <div class="filters">
      <${Choice} label=${t.whose} at=${everybody ? "all" : "mine"} onAt=${(id) => setQuery({ whose: id === "all" ? "all" : "" })} options=${[{ id: "mine", label: t.mine }, { id: "all", label: t.everybody }]} />
      <label class="check-line"><input class="check" type="checkbox" checked=${revokedToo} onChange=${(e) => setQuery({ revoked: e.target.checked ? "1" : "" })} /> ${t.revokedToo}</label>
    </div>
    <${Loaded} from=${list}>
      ${([keys, people]) =>
        html`<div class="card sheet">
          <${Table} caption=${t.title} columns=${columns(people)} rows=${keys} empty=${html`<${EmptyState} icon="key" title=${t.none}><p>${t.noneNote}</p><//>`} />
        </div>`}
    <//>
    ${open?.fresh && html`<${Fresh} me=${me} orgs=${orgs} onMade=${made} onClose=${() => setOpen(null)} />`}
    ${open?.made && html`<${Shown} made=${open.made} onClose=${() => setOpen(null)} />`}
  </div>`;
}
