/*
 * account.js - one's own profile, password and sessions.
 *
 * What a password must be is checked here only to spare a round trip; the server decides, and its
 * sentence is shown as it comes. It never touches anybody else's account.
 */
import { html, useState } from "../preact.js";
import { api } from "../api.js";
import { commands } from "../commands.js";
import { Card, CopyAs, Field, Form, Submit, ThemeChoice, toast, useTask, ViewHead, Wrong } from "../parts.js";
import { setMe } from "../session.js";
import { texts } from "../texts.js";
import { Sessions } from "./sessions.js";

const t = texts.account;

function Profile({ me }) {
  const [name, setName] = useState(me.display_name ?? "");
  const [email, setEmail] = useState(me.email ?? "");
  const what = { display_name: name.trim() || null, email: email.trim() || null };
  const task = useTask(async () => {
    await api.saveProfile(what);
    setMe(await api.me());
    toast(t.saved);
  });
  return html`<${Card} title=${t.profile} note=${me.username}>
    <${Form} onSubmit=${task.run}>
      <${Wrong} error=${task.wrong} />
      <${Field} label=${t.displayName} autocomplete="name" value=${name} onValue=${setName} />
      <${Field} label=${t.email} type="email" autocomplete="email" value=${email} onValue=${setEmail} />
      <div class="actions"><${Submit} busy=${task.busy}>${t.save}<//><${CopyAs} kind="quiet" call=${() => commands.saveProfile(what)} /></div>
    <//>
  <//>`;
}

function Password({ me }) {
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const [repeat, setRepeat] = useState("");
  const [wrong, setWrong] = useState({});
  const task = useTask(async () => {
    await api.saveProfile({ current_password: current, new_password: fresh });
    setCurrent("");
    setFresh("");
    setRepeat("");
    toast(t.changed);
  });
  const check = () => {
    if (!current) return { current: t.needCurrent };
    if ([...fresh].length < 12) return { fresh: texts.setup.short };
    return fresh === repeat ? {} : { repeat: texts.setup.differ };
  };
  const submit = () => {
    const found = check();
    setWrong(found);
    if (Object.keys(found).length === 0) task.run();
  };
  return html`<${Card} title=${t.password}>
    <${Form} wrong=${wrong} onSubmit=${submit}>
      <${Wrong} error=${task.wrong} />
      <input class="unseen" name="username" autocomplete="username" value=${me.username} tabindex="-1" aria-hidden="true" readonly />
      <${Field} label=${t.current} type="password" autocomplete="current-password" value=${current} onValue=${setCurrent} wrong=${wrong.current} />
      <${Field} label=${t.fresh} type="password" autocomplete="new-password" hint=${texts.setup.passwordHint} value=${fresh} onValue=${setFresh} wrong=${wrong.fresh} />
      <${Field} label=${t.repeat} type="password" autocomplete="new-password" value=${repeat} onValue=${setRepeat} wrong=${wrong.repeat} />
      <div class="actions"><${Submit} busy=${task.busy}>${t.change}<//><${CopyAs} kind="quiet" call=${commands.saveProfile({ current_password: "…", new_password: "…" })} /></div>
    <//>
  <//>`;
}

export function Account({ me }) {
  return html`<div>
    <${ViewHead} title=${t.title} lead=${t.lead} />
    <div class="cards cards-two">
      <div class="cards"><${Profile} me=${me} /><${Password} me=${me} /></div>
      <div class="cards">
        <${Sessions} />
        <${Card} title=${t.looks}><${ThemeChoice} /><//>
      </div>
    </div>
  </div>`;
}
