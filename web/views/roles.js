/*
 * roles.js - named sets of permissions. Those that are built in can be looked at only.
 */
import { html, useState } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { Badge, Button, confirm, CopyAs, Loaded, Menu, toast, useLoad, ViewHead } from "../parts.js";
import { Ask } from "../parts/ask.js";
import { groupsOf, PickPermissions } from "../parts/permissions.js";
import { useCan } from "../session.js";
import { texts } from "../texts.js";

const t = texts.roles;

const fields = [
  { key: "name", label: t.name, needed: true },
  { key: "description", label: t.description },
];

function Role({ role, writes, onEdit, onRemove }) {
  const items = [
    { id: "edit", label: t.edit, icon: "gear", onPick: () => onEdit(role) },
    { id: "remove", label: t.remove, icon: "trash", danger: true, onPick: () => onRemove(role) },
  ];
  return html`<li>
    <div class="row-main">
      <p class="row-title">${role.name} <${Badge}>${t.scopes[role.scope] ?? role.scope}<//> ${role.is_built_in && html`<${Badge} kind="accent">${t.builtIn}<//>`}</p>
      ${role.description && html`<p class="row-note">${role.description}</p>`}
      <details class="row-more">
        <summary>${t.count(role.permissions.length)}</summary>
        ${groupsOf(role.permissions).map(
          (group) => html`<p key=${group.key} class="small"><strong>${group.title}</strong> <span class="mono soft">${group.names.map((name) => name.slice(group.key.length + 1) || name).join(", ")}</span></p>`,
        )}
      </details>
    </div>
    ${writes && !role.is_built_in && html`<${Menu} label=${t.actions(role.name)} icon="more" bare small items=${items} />`}
  </li>`;
}

export function Roles() {
  const can = useCan();
  const writes = can("cadence:system:roles:write");
  const list = useLoad(() => Promise.all([admin.roles(), admin.permissions()]));
  const [open, setOpen] = useState(null);
  const done = (news) => {
    toast(news);
    list.reload();
  };
  const remove = async (role) => {
    if (!(await confirm({ title: t.removeTitle(role.name), text: t.removeText, action: t.remove, danger: true, call: adminCommands.deleteRole(role.id) }))) return;
    try {
      await admin.deleteRole(role.id);
      done(t.removed(role.name));
    } catch (error) {
      toast({ error });
    }
  };
  const whole = ({ extra, ...values }) => ({ ...values, permissions: extra ?? [] });
  const asCommand = (values) => (open.role ? adminCommands.changeRole(open.role.id, whole(values)) : adminCommands.createRole(whole(values)));
  const save = async (values) => {
    const what = whole(values);
    if (open.role) await admin.changeRole(open.role.id, what);
    else await admin.createRole(what);
    done(open.role ? t.saved(values.name) : t.created(values.name));
  };
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead}>
      <${CopyAs} call=${adminCommands.createRole({ name: "reporter", permissions: ["cadence:system:audit:read"] })} />
      ${writes && html`<${Button} kind="main" icon="plus" onClick=${() => setOpen({})}>${t.create}<//>`}
    <//>
    <${Loaded} from=${list}>
      ${([roles, permissions]) => html`<div class="card"><div class="card-body">
          <ul class="rows">${roles.map((role) => html`<${Role} key=${role.id} role=${role} writes=${writes} onEdit=${(one) => setOpen({ role: one })} onRemove=${remove} />`)}</ul>
        </div></div>
        ${open &&
        html`<${Ask} wide title=${open.role?.name ?? t.create} action=${open.role ? texts.account.save : t.create} fields=${fields} onClose=${() => setOpen(null)} onSubmit=${save} call=${asCommand}
          start=${{ ...open.role, extra: open.role?.permissions ?? [] }}>
          ${(chosen, choose) => html`<p class="label">${t.permissions}</p><${PickPermissions} names=${permissions} chosen=${chosen ?? []} onChosen=${choose} />`}
        <//>`}`}
    <//>
  </div>`;
}
