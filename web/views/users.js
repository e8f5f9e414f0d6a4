/*
 * users.js - everybody with an account: made, changed, given roles, deleted.
 *
 * A password typed here is set and never shown. Deleting ends sessions and keys at once and asks
 * for the name. One's own account is account.js.
 */
import { html, useState } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { Badge, Button, ConfirmTyped, CopyAs, Dialog, EmptyState, Field, Form, Loaded, Menu, Submit, Table, Time, toast, useLoad, useTask, ViewHead, Wrong } from "../parts.js";
import { Ask } from "../parts/ask.js";
import { setQuery } from "../router.js";
import { useCan, useSession } from "../session.js";
import { texts } from "../texts.js";

const t = texts.users;
const nameOf = (user) => user.display_name || user.username;

const fields = (fresh) => [
  { key: "username", label: t.username, needed: true },
  { key: "display_name", label: t.displayName },
  { key: "email", label: t.email, type: "email" },
  { key: "password", label: t.password, type: "password", hint: fresh ? t.passwordHint : t.passwordLeave, needed: fresh, autocomplete: "new-password" },
  { key: "is_sys_admin", label: t.admin, type: "check" },
];

const given = (values) => Object.fromEntries(Object.entries(values).filter(([key, value]) => key === "is_sys_admin" || value));

function RolesOf({ user, onClose }) {
  const { orgs } = useSession();
  const [role, setRole] = useState("");
  const [org, setOrg] = useState("");
  const all = useLoad(() => Promise.all([admin.rolesOf(user.user_id), admin.roles()]), [user.user_id]);
  const task = useTask(async (work) => {
    await work();
    all.reload();
  });
  const orgName = (id) => orgs.find((one) => one.org_id === id)?.name ?? id;
  return html`<${Dialog} title=${t.rolesOf(nameOf(user))} onClose=${onClose}>
    <${Loaded} from=${all}>
      ${([held, roles]) => {
        const chosen = roles.find((one) => one.id === role) ?? roles[0];
        const what = { role_id: chosen?.id, ...(org && { org_id: org }) };
        return html`${held.length === 0 && html`<p class="soft">${t.noRoles}</p>`}
          <ul class="rows">
            ${held.map(
              (one) =>
                html`<li key=${one.role_id + (one.org_id ?? "")}>
                  <div class="row-main"><p class="row-title">${one.name}</p><p class="row-note">${one.org_id ? orgName(one.org_id) : t.everywhere}</p></div>
                  <${Button} small kind="danger" aria-label=${t.takeNamed(one.name)} onClick=${() => task.run(() => admin.takeRole(user.user_id, one.role_id, one.org_id))}>${t.take}<//>
                </li>`,
            )}
          </ul>
          <${Form} onSubmit=${() => task.run(() => admin.giveRole(user.user_id, what))}>
            <${Wrong} error=${task.wrong} />
            <${Field} label=${t.role} type="select" value=${chosen?.id ?? ""} onValue=${setRole} options=${roles.map((one) => ({ id: one.id, label: one.name }))} />
            <${Field} label=${t.where} type="select" value=${org} onValue=${setOrg}
              options=${[{ id: "", label: t.everywhere }, ...orgs.map((one) => ({ id: one.org_id, label: one.display_name || one.name }))]} />
            <div class="actions"><${Submit} busy=${task.busy}>${t.give}<//><${CopyAs} kind="quiet" call=${adminCommands.giveRole(user.user_id, what)} /></div>
          <//>`;
      }}
    <//>
  <//>`;
}

function Remove({ user, onDone, onClose }) {
  const task = useTask(async () => {
    await admin.deleteUser(user.user_id);
    onDone(t.removed(nameOf(user)));
    onClose();
  });
  return html`<${ConfirmTyped} title=${t.removeTitle(nameOf(user))} word=${user.username} action=${t.remove} call=${adminCommands.deleteUser(user.user_id)} busy=${task.busy} wrong=${task.wrong?.message} onConfirm=${task.run} onClose=${onClose}>
    <p>${t.removeText}</p>
  <//>`;
}

export function Users({ me, query }) {
  const can = useCan();
  const list = useLoad(admin.users);
  const [open, setOpen] = useState(null);
  const done = (news) => {
    toast(news);
    list.reload();
  };
  const close = () => setOpen(null);
  const writes = can("cadence:system:users:write");
  const items = (user) => [
    ...(writes ? [{ id: "edit", label: t.edit, icon: "gear", onPick: () => setOpen({ edit: user }) }] : []),
    ...(can("cadence:system:roles:write") ? [{ id: "roles", label: t.roles, icon: "shield", onPick: () => setOpen({ roles: user }) }] : []),
    ...(writes && user.user_id !== me.user_id ? [{ id: "remove", label: t.remove, icon: "trash", danger: true, onPick: () => setOpen({ remove: user }) }] : []),
  ];
  const columns = [
    { key: "name", title: t.columns.name, render: (user) => html`<span class="row-title">${nameOf(user)} ${user.user_id === me.user_id && html`<${Badge} kind="accent">${t.you}<//>`}</span><span class="row-note mono">${user.username}</span>` },
    { key: "email", title: t.columns.email, render: (user) => user.email ?? "" },
    { key: "role", title: t.columns.role, render: (user) => html`<${Badge} kind=${user.is_sys_admin ? "accent" : ""}>${user.is_sys_admin ? texts.scope.roles.sys_admin : texts.scope.roles.member}<//>` },
    { key: "since", title: t.columns.since, render: (user) => html`<${Time} at=${user.created_at} />` },
    { key: "more", title: t.columns.more, hidden: true, end: true, render: (user) => items(user).length > 0 && html`<${Menu} label=${t.actions(nameOf(user))} icon="more" bare small items=${items(user)} />` },
  ];
  const words = (query.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (user) => words.every((word) => `${user.username} ${user.display_name ?? ""} ${user.email ?? ""}`.toLowerCase().includes(word));
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead}>
      <${CopyAs} call=${adminCommands.createUser({ username: "ada", email: "ada@acme.example", password: "…" })} />
      ${writes && html`<${Button} kind="main" icon="plus" onClick=${() => setOpen({ fresh: true })}>${t.create}<//>`}
    <//>
    <${Loaded} from=${list}>
      ${(all) => {
        const rows = all.filter((user) => !user.is_deleted && fits(user));
        return html`<div class="filters">
            <input class="input input-small filter-words" type="search" aria-label=${t.search} placeholder=${t.search} value=${query.q ?? ""} onInput=${(e) => setQuery({ q: e.target.value })} />
            <span class="soft small" role="status">${t.found(rows.length)}</span>
          </div>
          <div class="card sheet">
            <${Table} caption=${t.title} columns=${columns} rows=${rows} keyOf=${(user) => user.user_id} empty=${html`<${EmptyState} icon="people" title=${t.none} />`} />
          </div>`;
      }}
    <//>
    ${open?.fresh &&
    html`<${Ask} title=${t.create} action=${t.create} fields=${fields(true)} onClose=${close} call=${({ extra, ...values }) => adminCommands.createUser(given({ ...values, password: "…" }))}
      onSubmit=${async ({ extra, ...values }) => (await admin.createUser(given(values)), done(t.created(values.display_name || values.username)))} />`}
    ${open?.edit &&
    html`<${Ask} title=${nameOf(open.edit)} action=${texts.account.save} fields=${fields(false)} start=${open.edit} onClose=${close} call=${({ extra, password, ...values }) => adminCommands.changeUser(open.edit.user_id, values)}
      onSubmit=${async ({ extra, password, ...values }) => (await admin.changeUser(open.edit.user_id, { ...values, ...(password && { password }) }), done(t.saved(values.username)))} />`}
    ${open?.roles && html`<${RolesOf} user=${open.roles} onClose=${close} />`}
    ${open?.remove && html`<${Remove} user=${open.remove} onDone=${done} onClose=${close} />`}
  </div>`;
}
