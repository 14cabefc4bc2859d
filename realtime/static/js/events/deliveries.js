// What became of an event, connection by connection: why did somebody not see it?

import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Field } from "../components/field.js";
import { html } from "../html.js";
import { Load } from "../load.js";
import { ask } from "../place.js";
import { number, t } from "../words.js";

/** Connections that are shown, the newest; the filters find the others. */
const LIMIT = 100;

const TYPED_FOR = 300;

export function Deliveries({ event }) {
  const timer = useRef(null);
  const wanted = useMemo(() => signal({ user: "", status: "" }), [event]);
  const load = useMemo(() => new Load((stop) => ask(`api/v1/events/${event.seq}/deliveries/`, query(wanted.peek()), { signal: stop })), [event]);
  useEffect(() => void load.run(), [load]);
  const narrow = (changes) => {
    wanted.value = { ...wanted.peek(), ...changes };
    load.run();
  };
  const type = ({ currentTarget: { value } }) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => narrow({ user: value.trim() }), TYPED_FOR);
  };
  const statuses = [["", t("All")], ["Ativa", t("Open")], ["Inativa", t("Closed")]];
  return html`<section class="deliveries">
    <h3>${t("What became of it")}</h3>
    <form class="narrow" onSubmit=${(submit) => submit.preventDefault()}>
      <${Field} label=${t("User")} name="user" type="search" maxlength="64" onInput=${type} autocomplete="off" hint=${t("Why did somebody not see it? Type the name.")} />
      <${Field} label=${t("Status")} name="status" options=${statuses} value="" onChange=${({ currentTarget: { value } }) => narrow({ status: value })} />
    </form>
    <${Rows} load=${load} />
  </section>`;
}

function query({ user, status }) {
  return { user: user || undefined, status: status || undefined, ordering: "-id", limit: LIMIT };
}

function Rows({ load }) {
  const { kind, value, detail } = load.state.value;
  if (kind === "failed" || kind === "forbidden") {
    return html`<p class="note" role="alert">${t("This could not be loaded.")} ${detail} <button type="button" class="quiet" onClick=${() => load.run()}>${t("Try again")}</button></p>`;
  }
  if (value === undefined) return html`<p class="note" role="status">${t("Loading …")}</p>`;
  const { count, results } = value;
  if (count === 0) return html`<p class="note" role="status">${t("No connection is like that.")}</p>`;
  const meanings = words();
  return html`
    <div class="table" tabindex="0" role="region" aria-label=${t("What became of it")}><table>
      <thead><tr><th scope="col">${t("Connection")}</th><th scope="col">${t("User")}</th><th scope="col">${t("Dialect")}</th><th scope="col">${t("What became of it")}</th></tr></thead>
      <tbody>
        ${results.map(({ id, user, dialect, delivery }) => html`<tr key=${id} data-delivery=${delivery}>
          <td>#${id}</td><td><bdi>${user}</bdi></td><td>${dialect}</td>
          <td><span class="code">${delivery}</span> ${meanings.get(delivery)}</td>
        </tr>`)}
      </tbody>
    </table></div>
    ${count > results.length && html`<p class="note">${t("The newest %(n)s of %(all)s connections; narrow them to see others.", { n: number(results.length), all: number(count) })}</p>`}
  `;
}

function words() {
  return new Map([
    ["confirmed", t("It has arrived: the client has answered since.")],
    ["written", t("It was written; the client has not answered since.")],
    ["behind", t("It will be written: the client is slow, or has just come back.")],
    ["not_subscribed", t("The client did not listen to this channel then, or its dialect has no word for it.")],
    ["not_permitted", t("Its user may not read this channel.")],
    ["closed", t("The connection had closed before.")],
  ]);
}
