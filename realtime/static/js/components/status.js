// How the page stands with the server: always in sight, and never silently stale.

import { useEffect, useState } from "preact/hooks";
import { html } from "../html.js";
import { program, signInAddress } from "../place.js";
import { short } from "../times.js";
import { number, t } from "../words.js";

/** The state in a word or two. What changes all the time stands beside it, and is not read aloud. */
export function Status({ state }) {
  const now = state.value;
  const seconds = useCountdown(now.kind === "waiting" ? now.until : null);
  const { said, detail } = words(now, seconds);
  return html`<p class="status" data-state=${now.kind}>
    <span class="dot" aria-hidden="true"></span>
    <span class="shown" role="status">${said}${detail && html`<span aria-hidden="true">${` ${detail}`}</span>`}</span>
  </p>`;
}

function words(now, seconds) {
  const since = now.since && short(now.since);
  switch (now.kind) {
    case "connecting":
      return { said: t("Connecting …") };
    case "live":
      return { said: t("Live") };
    case "catching":
      return { said: t("Catching up"), detail: now.left > 0 && `(${number(now.left)})` };
    case "waiting":
      return { said: t("Reconnecting"), detail: seconds > 0 ? `· ${seconds} s` : "…" };
    case "offline":
      return { said: t("Offline since %(time)s", { time: since }) };
    case "signedout":
      return { said: t("Signed out") };
    case "barred":
      return { said: t("Nothing to listen to") };
    default:
      return { said: t("Disconnected since %(time)s", { time: since }) };
  }
}

/** What it means and what to do, where something is to be done. */
export function Trouble({ connection }) {
  const now = connection.state.value;
  const since = now.since && short(now.since);
  const retry = (label) => html`<button type="button" class="quiet" onClick=${() => connection.retryNow()}>${label}</button>`;
  switch (now.kind) {
    case "waiting":
    case "offline":
      return html`<${Banner} kind="wait">
        <p>${t("No connection since %(time)s. Nothing is lost: what happens meanwhile appears here when it is back.", { time: since })}</p>
        ${now.kind === "waiting" && retry(t("Try now"))}
      <//>`;
    case "stopped":
      return html`<${Banner} kind="stop">
        <p>${t("The server closed this connection at %(time)s and does not want it back by itself.", { time: since })}
          ${" "}<span class="code">${now.code}${now.reason ? ` ${now.reason}` : ""}</span></p>
        ${retry(t("Connect again"))}
      <//>`;
    case "signedout":
      return html`<${Banner} kind="stop"><${SignIn} />${retry(t("Try again"))}<//>`;
    default:
      return null;
  }
}

function SignIn() {
  return html`<p>
    ${t("This server is closed, and you are not signed in. On its machine, this command makes a link that signs you in:")}
    ${" "}<code>${program} user link admin</code>${" "}
    <a href=${signInAddress().href}>${t("How to sign in")}</a>
  </p>`;
}

function Banner({ kind, children }) {
  return html`<div class="banner" data-kind=${kind}>${children}</div>`;
}

/** Whole seconds until `until` (performance.now()), 0 when it has come; null for null. */
function useCountdown(until) {
  const [, tick] = useState(0);
  useEffect(() => {
    if (until === null) return undefined;
    const timer = setInterval(() => tick((count) => count + 1), 250);
    return () => clearInterval(timer);
  }, [until]);
  return until === null ? null : Math.max(0, Math.ceil((until - performance.now()) / 1000));
}
