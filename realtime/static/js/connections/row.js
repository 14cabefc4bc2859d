// One connection: who, what it listens to, how it keeps up, and what an admin can do to it.

import { Ago } from "../components/ago.js";
import { html } from "../html.js";
import { number, t } from "../words.js";
import { Bar } from "./bar.js";
import { bytes, trip } from "./sizes.js";

/** Events behind that are more than a moment's. */
const FAR_BEHIND = 1_000;

/** Bytes in a queue that is filling; at the server's limit (1 MiB by default) a client falls behind instead. */
const FILLING = 256 * 1024;
const FULL = 1024 * 1024;

/** "open", "declared" (nobody has connected as it yet) or "closed". */
export function standing({ status, connected_at: at }) {
  if (status !== "Ativa") return "closed";
  return at === null ? "declared" : "open";
}

/** The words for that. */
export function standingText(row) {
  return { open: t("Open"), declared: t("Declared"), closed: t("Closed") }[standing(row)];
}

/** The cells of a row. `most` has the largest lag and queue of the page; `levers` is null for whoever may not steer. */
export function Cells({ row, own, most, levers, onDetails }) {
  const now = standing(row);
  return html`
    ${levers && html`<span role="cell" class="pick">${now === "open" && html`<input type="checkbox" checked=${levers.picked.value.has(row.id)}
      aria-label=${t("Select %(user)s, connection %(id)s", { user: row.user, id: row.id })} onChange=${() => levers.pick(row.id)} />`}</span>`}
    <span role="cell" class="who" data-standing=${now}>
      <span class="first"><span class="dot" aria-hidden="true"></span><button type="button" class="name" onClick=${() => onDetails(row)}><bdi>${row.user}</bdi></button>
        <span class="sr-only">${standingText(row)}</span></span>
      <span class="second">#${row.id}${own && html` <span class="badge">${t("this page")}</span>`}${row.remote !== null && html` · <bdi>${row.remote}</bdi>`}</span>
    </span>
    <span role="cell" class="what"><span class="first">${row.dialect}</span><bdi class="second" title=${row.channels.join(", ")}>${row.channels.join(", ") || "–"}</bdi></span>
    <span role="cell" class="when"><span class="first"><${Moment} at=${row.connected_at} /></span><span class="second"><${Moment} at=${row.last_seen} /></span></span>
    <span role="cell" class="lag"><span class="label" aria-hidden="true">${t("Behind")}</span><${Lag} lag=${row.lag} most=${most.lag} /></span>
    <span role="cell" class="queue"><span class="label" aria-hidden="true">${t("Queue")}</span><${Queue} size=${row.queued_bytes} most=${most.queue} /></span>
    <span role="cell" class="rtt"><span class="label" aria-hidden="true">${t("Round trip")}</span>${row.rtt_ms === null ? "–" : trip(row.rtt_ms)}</span>
    <span role="cell" class="client"><bdi class="first" title=${row.user_agent}>${row.user_agent ?? "–"}</bdi><${Ending} row=${row} /></span>
    ${levers && html`<span role="cell" class="levers">${now === "open" && html`
      <button type="button" class="quiet" aria-label=${t("Send a test frame to %(user)s, connection %(id)s", { user: row.user, id: row.id })} onClick=${() => levers.say(row)}>${t("Send …")}</button>
      <button type="button" class="quiet" aria-label=${t("Close %(user)s, connection %(id)s", { user: row.user, id: row.id })} onClick=${() => levers.close([row])}>${t("Close …")}</button>`}</span>`}
  `;
}

function Moment({ at }) {
  return at === null ? "–" : html`<${Ago} at=${at} still brief />`;
}

/** How many events it is behind. */
export function Lag({ lag, most }) {
  if (lag === null) return "–";
  const level = lag === 0 ? "good" : lag < FAR_BEHIND ? "warn" : "bad";
  return html`<${Bar} value=${lag} most=${most} text=${number(lag)} level=${level} />`;
}

/** What waits in its queue. */
export function Queue({ size, most }) {
  if (size === null) return "–";
  const level = size < FILLING ? "good" : size < FULL ? "warn" : "bad";
  return html`<${Bar} value=${size} most=${most} text=${bytes(size)} level=${level} />`;
}

function Ending({ row: { close_code: code, close_reason: reason, disconnected_at: at } }) {
  if (at === null) return null;
  return html`<span class="second ending"><span class="code">${code ?? "–"}</span> <bdi>${reason ?? ""}</bdi> <${Ago} at=${at} still /></span>`;
}
