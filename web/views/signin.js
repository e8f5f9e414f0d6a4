/*
 * signin.js - name and password; and where nobody exists yet, how to get the first administrator.
 *
 * SignInAgain is the same in a dialog over the page whose session has ended: the page stays as it
 * is, and what failed meanwhile is tried again.
 */
import { html, useEffect, useState } from "../preact.js";
import { api, ApiError } from "../api.js";
import { Alone, Button, Command, Dialog, Field, Form, Submit, useLoad, useTask, Wrong } from "../parts.js";
import { texts } from "../texts.js";

const t = texts.signin;

const asksNothing = { code: "", message: t.missing };

function useSignIn(username, password, onDone) {
  return useTask(async () => {
    if (!username.trim() || !password) throw new ApiError(0, asksNothing);
    await api.signIn(username.trim(), password);
    await onDone();
  });
}

export function SignIn({ onDone }) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const state = useLoad(api.setupState);
  const task = useSignIn(username, password, onDone);
  useEffect(() => {
    document.title = `${t.title} · ${texts.name}`;
  }, []);
  if (state.value?.setup_needed)
    return html`<${Alone} title=${texts.name} tagline=${texts.tagline}>
      <div class="form"><p>${t.setupNeeded}</p><${Command}>${t.setupCommand}<//></div>
    <//>`;
  return html`<${Alone} title=${texts.name} tagline=${texts.tagline}>
    <${Form} onSubmit=${task.run}>
      <${Wrong} error=${task.wrong ?? (state.wrong?.status === 0 ? state.wrong : null)} />
      <${Field} label=${t.username} name="username" autocomplete="username" autocapitalize="none" autofocus value=${username} onValue=${setUsername} />
      <${Field} label=${t.password} name="password" type="password" autocomplete="current-password" value=${password} onValue=${setPassword} />
      <${Submit} busy=${task.busy} busyText=${t.busy} wide>${t.submit}<//>
    <//>
  <//>`;
}

export function SignInAgain({ me, onAnswer }) {
  const [password, setPassword] = useState("");
  const task = useSignIn(me.username, password, () => onAnswer(true));
  const leave = () => onAnswer(false);
  return html`<${Dialog} title=${t.again} onClose=${leave}>
    <p class="soft">${t.againNote}</p>
    <${Form} onSubmit=${task.run}>
      <${Wrong} error=${task.wrong} />
      <${Field} label=${t.username} name="username" autocomplete="username" readonly value=${me.username} onValue=${() => {}} />
      <${Field} label=${t.password} name="password" type="password" autocomplete="current-password" autofocus value=${password} onValue=${setPassword} />
      <div class="actions">
        <${Submit} busy=${task.busy} busyText=${t.busy}>${t.submit}<//>
        <${Button} kind="quiet" onClick=${leave}>${t.leave}<//>
      </div>
    <//>
  <//>`;
}
