/*
 * app.js - the first script: finds out who is signed in and shows the right one of four things.
 *
 * Setup (behind the printed link), sign-in, or the house (shell.js) with the view of the address.
 * When a session ends, a dialog asks for the password where one is, and what failed is tried again:
 * see askAgain. The page has three roots: #app, #layers for dialogs, #toasts.
 */
import { html, render, useEffect } from "./preact.js";
import { api, onExpired } from "./api.js";
import { startKeys } from "./keys.js";
import { restartLive, startLive, stopLive } from "./live.js";
import { startToasts } from "./parts.js";
import { startRouter } from "./router.js";
import { enter, leave, session, useSession } from "./session.js";
import { House } from "./shell.js";
import { createStore, useStore } from "./store.js";
import { texts } from "./texts.js";
import { Setup } from "./views/setup.js";
import { SignIn, SignInAgain } from "./views/signin.js";

/* {answer} while somebody is asked to sign in again. */
const again = createStore(null);

/* Resolves true when the same person is signed in again. */
function askAgain() {
  if (!session.get().me) return Promise.resolve(false);
  return new Promise((resolve) => {
    const answer = (back) => {
      again.set(null);
      if (back) restartLive();
      else leave();
      resolve(back);
    };
    again.set({ answer });
  });
}

async function begin() {
  if (location.pathname === "/setup") return leave();
  try {
    await enter(await api.whoAmI());
  } catch {
    leave(); /* nobody yet, or nobody answers: the sign-in page says which */
  }
}

function App() {
  const { me } = useSession();
  const asked = useStore(again);
  useEffect(() => {
    begin();
  }, []);
  useEffect(() => {
    if (me) startLive();
    else stopLive();
  }, [Boolean(me)]);
  if (me === undefined) return html`<p class="waiting" aria-busy="true"><span class="unseen">${texts.waiting}</span></p>`;
  if (me) return html`<${House} key=${me.user_id} />${asked && html`<${SignInAgain} me=${me} onAnswer=${asked.answer} />`}`;
  return location.pathname === "/setup" ? html`<${Setup} onDone=${enter} />` : html`<${SignIn} onDone=${enter} />`;
}

startRouter();
startKeys();
startToasts();
onExpired(askAgain);
render(html`<${App} />`, document.getElementById("app"));
