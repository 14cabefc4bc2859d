// One event in full: what each dialect makes of it, side by side, and what became of it.

import { useEffect, useMemo } from "preact/hooks";
import { Copy } from "../components/copy.js";
import { html } from "../html.js";
import { Load } from "../load.js";
import { ask, may } from "../place.js";
import { exact } from "../times.js";
import { t } from "../words.js";
import { Deliveries } from "./deliveries.js";

/** `epoch` is a signal of the present history's: the number of an event of another one means something else today. */
export function Details({ event, epoch }) {
  const former = epoch.value !== null && event.epoch !== epoch.value;
  const load = useMemo(() => new Load((signal) => ask(`api/v1/events/${event.seq}/`, {}, { signal })), [event]);
  useEffect(() => {
    if (!former) load.run();
  }, [load]);
  return html`<div class="event-details">
    <${Facts} event=${event} />
    ${former ? html`<p class="note">${t("This event belongs to a former history of the server, which knows it no longer.")}</p><${Frame} name="realtime" frame=${canonical(event)} />` : html`<${Frames} load=${load} />`}
    ${!former && may("roster") && html`<${Deliveries} event=${event} />`}
  </div>`;
}

function Facts({ event }) {
  const position = `${event.epoch}:${event.seq}`;
  return html`<dl class="facts wide">
    <div><dt>${t("Time")}</dt><dd>${exact(new Date(event.at))}</dd></div>
    <div><dt>${t("Channel")}</dt><dd><bdi>${event.channel}</bdi></dd></div>
    <div><dt>${t("Type")}</dt><dd>${event.type}</dd></div>
    <div><dt>${t("By")}</dt><dd><bdi>${event.actor ?? "–"}</bdi></dd></div>
    <div><dt>${t("Position")}</dt><dd class="line"><code>${position}</code><${Copy} text=${position} /></dd></div>
  </dl>`;
}

/** The event as the server tells it: without what only this page knows of it. */
function canonical({ epoch, told, ...event }) {
  return event;
}

function Frames({ load }) {
  const { kind, value, detail } = load.state.value;
  if (kind === "failed" || kind === "forbidden") {
    return html`<p class="note" role="alert">${t("This could not be loaded.")} ${detail} <button type="button" class="quiet" onClick=${() => load.run()}>${t("Try again")}</button></p>`;
  }
  if (value === undefined) return html`<p class="note" role="status">${t("Loading …")}</p>`;
  // Side by side, the whole truth first.
  const { realtime, ...others } = value.frames;
  return html`<div class="frames">
    <${Frame} name="realtime" frame=${realtime} />
    ${Object.entries(others).map(([name, frame]) => html`<${Frame} key=${name} name=${name} frame=${frame} />`)}
  </div>`;
}

const DOORS = new Map([
  ["realtime", "SSE · NDJSON"],
  ["channels", "/api/v1/ws"],
  ["dashboard", "/ws/dashboard/"],
  ["chat", "/socket.io/"],
]);

function Frame({ name, frame }) {
  const text = JSON.stringify(frame, null, 2);
  return html`<section class="frame line" aria-label=${name}>
    <header><h3>${name}</h3><span class="door">${DOORS.get(name)}</span>${frame !== null && html`<${Copy} text=${text} />`}</header>
    ${frame === null ? html`<p class="note">${t("This dialect has no word for it.")}</p>` : html`<pre tabindex="0" role="group" aria-label=${name}><code>${text}</code></pre>`}
  </section>`;
}
