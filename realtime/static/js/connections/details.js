// All that is known of one connection, in full; it stays true while it is open.

import { Ago } from "../components/ago.js";
import { html } from "../html.js";
import { number, t } from "../words.js";
import { Lag, Queue, standingText } from "./row.js";
import { trip } from "./sizes.js";

/** `levers` is null for whoever may not steer. */
export function Details({ id, first, roster, own, levers, close }) {
  const row = roster.state.value.value?.rows.find((each) => each.id === id) ?? first;
  const steer = (lever) => () => {
    close();
    lever();
  };
  return html`
    <dl class="facts">
      ${facts(row, own).map(([label, value]) => html`<div key=${label}><dt>${label}</dt><dd>${value}</dd></div>`)}
    </dl>
    ${levers && row.status === "Ativa" && row.connected_at !== null && html`<div class="actions">
      <button type="button" class="quiet" onClick=${steer(() => levers.say(row))}>${t("Send …")}</button>
      <button type="button" class="danger" onClick=${steer(() => levers.close([row]))}>${t("Close …")}</button>
    </div>`}
  `;
}

function facts(row, own) {
  const text = (value) => (value === null || value === "" ? "–" : html`<bdi>${value}</bdi>`);
  const at = (moment) => (moment === null ? "–" : html`<${Ago} at=${moment} />`);
  const all = [
    [t("Status"), row.id === own.value ? `${standingText(row)} · ${t("this page")}` : standingText(row)],
    [t("User"), text(row.user)],
    [t("Dialect"), row.dialect],
    [t("Channels"), text(row.channels.join(", "))],
    [t("Since"), at(row.connected_at)],
    [t("Last seen"), at(row.last_seen)],
    [t("Written up to"), row.last_seq === null ? "–" : number(row.last_seq)],
    [t("Behind"), html`<${Lag} lag=${row.lag} most=${100} />`],
    [t("Queue"), html`<${Queue} size=${row.queued_bytes} most=${65_536} />`],
    [t("Round trip"), row.rtt_ms === null ? "–" : trip(row.rtt_ms)],
    [t("Address"), text(row.remote)],
    [t("Program"), text(row.user_agent)],
  ];
  if (row.disconnected_at === null) return all;
  return [...all, [t("Closed"), at(row.disconnected_at)], [t("Closed with"), html`<span class="code">${row.close_code ?? "–"}</span> <bdi>${row.close_reason ?? ""}</bdi>`]];
}
