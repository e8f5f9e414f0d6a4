/*
 * orgs.js - all organizations of the appliance: made, changed, suspended, deleted and brought back.
 *
 * Deleting is soft here, so it asks once and can be undone. Who belongs to one is members.js.
 */
import { html, useState } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { Badge, bytesText, Button, confirm, CopyAs, copySections, countText, Dialog, EmptyState, Loaded, Menu, Table, Time, toast, useLoad, ViewHead } from "../parts.js";
import { Ask } from "../parts/ask.js";
import { catalogPath, membersPath } from "../pages.js";
import { address, setQuery } from "../router.js";
import { enter, useCan } from "../session.js";
import { texts } from "../texts.js";

const t = texts.adminOrgs;
const nameOf = (org) => org.display_name || org.name;
const stateOf = (org) => (org.is_deleted ? "deleted" : org.status);
const KINDS = { active: "ok", suspended: "warn", deleted: "danger" };

function fields(fresh) {
  return [
    { key: "name", label: t.name, needed: true },
    { key: "domain", label: t.domain, hint: t.domainHint, needed: fresh },
    { key: "display_name", label: t.displayName },
    { key: "description", label: t.description, type: "textarea" },
    { key: "contact_email", label: t.contact, type: "email" },
  ];
}

const filled = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value));

function Use({ org, onClose }) {
  const quota = useLoad(() => admin.quota(org.org_id), [org.org_id]);
  return html`<${Dialog} title=${nameOf(org)} onClose=${onClose}>
    <h3>${t.use}</h3>
    <${Loaded} from=${quota}>
      ${(one) =>
        html`<dl class="facts">
          ${Object.entries(t.usage).map(([key, label]) => html`<dt key=${`t${key}`}>${label}</dt><dd key=${key} class="num">${key === "bytes" ? bytesText(one.usage[key]) : countText(one.usage[key])}</dd>`)}
        </dl>`}
    <//>
  <//>`;
}

export function Orgs({ me, query }) {
  const can = useCan();
  const list = useLoad(admin.orgs);
  const [open, setOpen] = useState(null);
  const deletedToo = query.deleted === "1";
  const done = async (news) => {
    toast(news);
    list.reload();
    await enter(me); /* the switcher shows them too */
  };
  const change = async (org, changes, news, undo) => {
    try {
      await admin.changeOrg(org.org_id, changes);
      await done(undo ? { text: news, undo: () => change(org, undo, t.saved(nameOf(org))) } : news);
    } catch (error) {
      toast({ error });
    }
  };
  const remove = async (org) => {
    if (await confirm({ title: t.removeTitle(nameOf(org)), text: t.removeText, action: t.remove, danger: true, call: adminCommands.changeOrg(org.org_id, { is_deleted: true }) }))
      change(org, { is_deleted: true }, t.removed(nameOf(org)), { is_deleted: false });
  };
  const items = (org) => [
    { id: "catalog", label: t.catalog, icon: "box", href: address(catalogPath(org.org_id)) },
    { id: "members", label: t.members, icon: "people", href: address(membersPath(org.org_id)) },
    { id: "use", label: t.use, icon: "chart", onPick: () => setOpen({ use: org }) },
    ...(can("cadence:system:orgs:write")
      ? [
          { line: true },
          { id: "edit", label: t.edit, icon: "gear", onPick: () => setOpen({ edit: org }) },
          org.status === "suspended"
            ? { id: "resume", label: t.resume, icon: "check", onPick: () => change(org, { status: "active" }, t.resumed(nameOf(org))) }
            : { id: "suspend", label: t.suspend, icon: "pause", onPick: () => change(org, { status: "suspended" }, t.suspended(nameOf(org)), { status: "active" }) },
          org.is_deleted
            ? { id: "back", label: t.bringBack, icon: "undo", onPick: () => change(org, { is_deleted: false }, t.saved(nameOf(org))) }
            : { id: "remove", label: t.remove, icon: "trash", danger: true, onPick: () => remove(org) },
          ...copySections([[org.status === "suspended" ? t.resume : t.suspend, adminCommands.changeOrg(org.org_id, { status: org.status === "suspended" ? "active" : "suspended" })]]),
        ]
      : []),
  ];
  const columns = [
    { key: "name", title: t.columns.name, render: (org) => html`<span class="row-title"><a href=${address(catalogPath(org.org_id))}>${nameOf(org)}</a></span>${org.description && html`<span class="row-note">${org.description}</span>`}` },
    { key: "domain", title: t.columns.domain, render: (org) => html`<span class="mono">${org.domain ?? ""}</span>` },
    { key: "state", title: t.columns.state, render: (org) => html`<${Badge} kind=${KINDS[stateOf(org)]}>${t.states[stateOf(org)] ?? stateOf(org)}<//>` },
    { key: "since", title: t.columns.since, render: (org) => html`<${Time} at=${org.created_at} />` },
    { key: "more", title: t.columns.more, hidden: true, end: true, render: (org) => html`<${Menu} label=${t.actions(nameOf(org))} icon="more" bare small items=${items(org)} />` },
  ];
  return html`<div>
    <${ViewHead} title=${texts.orgs.title} lead=${t.lead}>
      <${CopyAs} call=${adminCommands.createOrg({ name: "Acme", domain: "acme.example" })} />
      ${can("cadence:system:orgs:create") && html`<${Button} kind="main" icon="plus" onClick=${() => setOpen({ fresh: true })}>${t.create}<//>`}
    <//>
    <${Loaded} from=${list}>
      ${(orgs) => {
        const rows = orgs.filter((org) => deletedToo || !org.is_deleted);
        const gone = orgs.some((org) => org.is_deleted);
        return html`${gone &&
          html`<p class="filters"><label class="check-line"><input class="check" type="checkbox" checked=${deletedToo} onChange=${(e) => setQuery({ deleted: e.target.checked ? "1" : "" })} /> ${t.showDeleted}</label></p>`}
          <div class="card sheet">
            <${Table} caption=${texts.orgs.title} columns=${columns} rows=${rows} keyOf=${(org) => org.org_id}
              empty=${html`<${EmptyState} icon="org" title=${t.none}><p>${t.noneNote}</p><//>`} />
          </div>`;
      }}
    <//>
    ${open?.fresh &&
    html`<${Ask} title=${t.create} action=${t.create} fields=${fields(true)} onClose=${() => setOpen(null)} call=${({ extra, ...values }) => adminCommands.createOrg(filled(values))}
      onSubmit=${async ({ extra, ...values }) => (await admin.createOrg(filled(values)), await done(t.created(values.name)))} />`}
    ${open?.edit &&
    html`<${Ask} title=${nameOf(open.edit)} action=${texts.account.save} fields=${fields(false)} start=${open.edit} onClose=${() => setOpen(null)} call=${({ extra, ...values }) => adminCommands.changeOrg(open.edit.org_id, values)}
      onSubmit=${async ({ extra, ...values }) => (await admin.changeOrg(open.edit.org_id, values), await done(t.saved(values.name)))} />`}
    ${open?.use && html`<${Use} org=${open.use} onClose=${() => setOpen(null)} />`}
  </div>`;
}
