/*
 * signin.js - name and password; and where nobody exists yet, how to get the first administrator.
 */
import { html, useEffect, useState } from "../preact.js";
import { api, ApiError } from "../api.js";
import { Alone, Command, Field, Form, Submit, useLoad, useTask, Wrong } from "../parts.js";
import { texts } from "../texts.js";

const t = texts.signin;

export function SignIn({ onDone }) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const state = useLoad(api.setupState);
  const task = useTask(async () => {
    if (!username || !password) throw new ApiError(0, { message: t.missing });
    await api.signIn(username.trim(), password);
    await onDone();
  });
  useEffect(() => {
    document.title = `${t.title} - ${texts.name}`;
  }, []);
  return html`<${Alone} title=${texts.name} tagline=${texts.tagline}>
    ${state.value?.setup_needed
      ? html`<div class="form">
          <p>${t.setupNeeded}</p>
          <${Command}>${t.setupCommand}<//>
        </div>`
      : html`<${Form} onSubmit=${task.run}>
          <${Wrong} error=${task.wrong} />
          <${Field}
            label=${t.username}
            name="username"
            autocomplete="username"
            autocapitalize="none"
            autofocus
            value=${username}
            onValue=${setUsername}
          />
          <${Field}
            label=${t.password}
            name="password"
            type="password"
            autocomplete="current-password"
            value=${password}
            onValue=${setPassword}
          />
          <${Submit} busy=${task.busy} busyText=${t.busy}>${t.submit}<//>
        <//>`}
  <//>`;
}
