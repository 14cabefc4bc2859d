// Which connections to show, and in which order.

import { useRef, useState } from "preact/hooks";
import { Field } from "../components/field.js";
import { html } from "../html.js";
import { t } from "../words.js";
import { FIRST } from "./roster.js";

const TYPED_FOR = 300;

/** What a connection may speak. */
export const DIALECTS = ["dashboard", "channels", "chat", "realtime", "sse", "ndjson"];

export function Filters({ roster }) {
  const [cleared, setCleared] = useState(0);
  const timer = useRef(null);
  const now = roster.filters.value;
  const choose = (name) => (event) => {
    clearTimeout(timer.current);
    roster.narrow({ [name]: event.currentTarget.value.trim() });
  };
  const type = (name) => ({ currentTarget: { value } }) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => roster.narrow({ [name]: value.trim() }), TYPED_FOR);
  };
  const clear = () => {
    clearTimeout(timer.current);
    setCleared(cleared + 1);
    roster.narrow(FIRST);
  };
  const refused = (name) => roster.refused.value.get(name)?.join(" ");
  const statuses = [["Ativa", t("Open")], ["Inativa", t("Closed")], ["", t("All")]];
  const dialects = [["", t("All")], ...DIALECTS.map((name) => [name, name])];
  return html`<form class="filters" key=${cleared} aria-label=${t("Filter the connections")} onSubmit=${(event) => event.preventDefault()}>
    <${Field} label=${t("User")} name="user" type="search" maxlength="64" value=${now.user} error=${refused("user")} onInput=${type("user")} list="roster-users" autocomplete="off" />
    <datalist id="roster-users">${names(roster).map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>
    <${Field} label=${t("Status")} name="status" options=${statuses} value=${now.status} onChange=${choose("status")} />
    <${Field} label=${t("Dialect")} name="dialect" options=${dialects} value=${now.dialect} onChange=${choose("dialect")} />
    <${Field} label=${t("Channel")} name="channel" type="search" maxlength="64" value=${now.channel} error=${refused("channel")} onInput=${type("channel")} autocomplete="off" />
    <button type="button" class="quiet" disabled=${JSON.stringify(now) === JSON.stringify(FIRST)} onClick=${clear}>${t("Clear")}</button>
  </form>`;
}

function names(roster) {
  return [...new Set((roster.state.value.value?.rows ?? []).map(({ user }) => user))].sort();
}
