/*
 * members.js - who belongs to one organization, and who administers it.
 *
 * Its administrators see this page too. Accounts are made elsewhere: users.js.
 */
import { html, useState } from "../preact.js";
import { admin, adminCommands } from "../admin.js";
import { Badge, Button, confirm, CopyAs, copySections, EmptyState, Loaded, Menu, Table, Time, toast, useLoad, ViewHead } from "../parts.js";
import { Ask } from "../parts/ask.js";
import { scopeOf, useCan, useSession } from "../session.js";
import { texts } from "../texts.js";

const t = texts.members;
const nameOf = (user) => user.display_name || user.username;

export function Members({ scope }) {
  const can = useCan();
  const state = useSession();
  const [adding, setAdding] = useState(false);
  const list = useLoad(() => admin.members(scope), [scope]);
  const writes = can("members:write", scope);
  const act = async (work, news) => {
    try {
      await work();
      toast(news);
    } catch (error) {
      toast({ error });
    }
    list.reload();
  };
  const add = async ({ who, is_admin }) => {
    const [user] = await admin.findUser(who.trim());
    if (!user) throw Object.assign(new Error(t.nobody), { field: "who" });
    await admin.addMember(scope, { user_id: user.user_id, is_admin });
    toast(t.found(nameOf(user)));
    list.reload();
  };
  const remove = async (user) => {
    if (await confirm({ title: t.removeTitle(nameOf(user)), text: t.removeText, action: t.remove, danger: true, call: adminCommands.removeMember(scope, user.user_id) }))
      act(() => admin.removeMember(scope, user.user_id), t.removed(nameOf(user)));
  };
  const items = (user) => [
    {
      id: "admin", icon: "shield", label: user.is_admin ? t.unmake : t.make,
      onPick: () => act(() => admin.changeMember(scope, user.user_id, { is_admin: !user.is_admin }), t.changed(nameOf(user), !user.is_admin)),
    },
    { id: "remove", label: t.remove, icon: "trash", danger: true, onPick: () => remove(user) },
    ...copySections([
      [user.is_admin ? t.unmake : t.make, adminCommands.changeMember(scope, user.user_id, { is_admin: !user.is_admin })],
      [t.remove, adminCommands.removeMember(scope, user.user_id)],
    ]),
  ];
  const columns = [
    { key: "name", title: t.columns.name, render: (user) => html`<span class="row-title">${nameOf(user)}</span><span class="row-note">${user.email ?? user.username}</span>` },
    { key: "role", title: t.columns.role, render: (user) => html`<${Badge} kind=${user.is_admin ? "accent" : ""}>${user.is_admin ? texts.scope.roles.org_admin : texts.scope.roles.member}<//>` },
    { key: "since", title: t.columns.since, render: (user) => html`<${Time} at=${user.created_at} />` },
    ...(writes ? [{ key: "more", title: t.columns.more, hidden: true, end: true, render: (user) => html`<${Menu} label=${t.actions(nameOf(user))} icon="more" bare small items=${items(user)} />` }] : []),
  ];
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead(scopeOf(state, scope)?.name ?? "")}>
      ${writes && html`<${CopyAs} call=${adminCommands.addMember(scope, { user_id: "USER_ID", is_admin: false })} /><${Button} kind="main" icon="plus" onClick=${() => setAdding(true)}>${t.add}<//>`}
    <//>
    <${Loaded} from=${list}>
      ${(rows) =>
        html`<div class="card sheet">
          <${Table} caption=${t.title} columns=${columns} rows=${rows} keyOf=${(user) => user.user_id}
            empty=${html`<${EmptyState} icon="people" title=${t.none}><p>${t.noneNote}</p><//>`} />
        </div>`}
    <//>
    ${adding &&
    html`<${Ask} title=${t.add} note=${t.addNote} action=${t.add} onSubmit=${add} onClose=${() => setAdding(false)}
      fields=${[{ key: "who", label: t.who, needed: true }, { key: "is_admin", label: t.admin, type: "check" }]} />`}
  </div>`;
}
