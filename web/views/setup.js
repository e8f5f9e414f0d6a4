/*
 * setup.js - the first administrator chooses name and password, with the one-time link.
 *
 * The token stands in the fragment, which browsers never send, so that no log of any proxy holds
 * it; it is dropped from the address as soon as it was read.
 */
import { html, useEffect, useState } from "../preact.js";
import { api } from "../api.js";
import { Alone, Button, Command, Field, Form, Submit, toast, useLoad, useTask, Wrong } from "../parts.js";
import { go } from "../router.js";
import { texts } from "../texts.js";

const t = texts.setup;
const SHORTEST = 12;

function takeToken() {
  const token = new URLSearchParams(location.hash.replace(/^#/, "")).get("token") ?? "";
  if (token) history.replaceState(null, "", "/setup");
  return token;
}

/* Which field is wrong and why; an empty object when none is. */
function check(username, password, repeat) {
  if (!username.trim()) return { username: t.noName };
  if ([...password].length < SHORTEST) return { password: t.short };
  if (password !== repeat) return { repeat: t.differ };
  return {};
}

function FirstAdmin({ token, onDone }) {
  const [username, setUsername] = useState("admin");
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [wrong, setWrong] = useState({});
  const task = useTask(async () => {
    await api.setup(token, username.trim(), password);
    history.replaceState(null, "", "/");
    go("/", {}, { replace: true });
    await onDone();
    toast(t.done);
  });
  const submit = () => {
    const found = check(username, password, repeat);
    setWrong(found);
    if (Object.keys(found).length === 0) task.run();
  };
  return html`<${Form} wrong=${wrong} onSubmit=${submit}>
    <${Wrong} error=${task.wrong} />
    <${Field} label=${t.username} autocomplete="username" autocapitalize="none" value=${username} onValue=${setUsername} wrong=${wrong.username} />
    <${Field}
      label=${t.password}
      type="password"
      autocomplete="new-password"
      autofocus
      hint=${t.passwordHint}
      value=${password}
      onValue=${setPassword}
      wrong=${wrong.password}
    />
    <${Field} label=${t.repeat} type="password" autocomplete="new-password" value=${repeat} onValue=${setRepeat} wrong=${wrong.repeat} />
    <${Submit} busy=${task.busy} busyText=${t.busy} wide>${t.submit}<//>
  <//>`;
}

export function Setup({ onDone }) {
  const [token] = useState(takeToken);
  const state = useLoad(api.setupState);
  useEffect(() => {
    document.title = `${t.title} · ${texts.name}`;
  }, []);
  let tagline = texts.tagline;
  let content;
  if (state.value?.setup_needed === false)
    content = html`<div class="form"><p>${t.notNeeded}</p><${Button} kind="main" href="/">${t.toSignIn}<//></div>`;
  else if (!token) content = html`<div class="form"><p>${t.noToken}</p><${Command}>${t.command}<//></div>`;
  else {
    tagline = t.intro;
    content = html`<${FirstAdmin} token=${token} onDone=${onDone} />`;
  }
  return html`<${Alone} title=${t.title} tagline=${tagline}>${content}<//>`;
}
