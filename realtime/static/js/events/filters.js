// What to show of the log: which channels, which type, from where on.

import { useEffect, useRef } from "preact/hooks";
import { Field } from "../components/field.js";
import { html } from "../html.js";
import { number, t } from "../words.js";

const TYPED_FOR = 400;

/** Own channels that have a box each; the others are typed. */
const BOXES = 12;

const TYPES = [
  ..."sensor location reading".split(" ").flatMap((entity) => ["created", "updated", "deleted"].map((what) => `${entity}.${what}`)),
  "anomaly.created", "anomaly.detected", "anomaly.updated", "anomaly.deleted",
  "prediction.created", "prediction.completed", "prediction.updated", "prediction.deleted",
  "conversation.created", "conversation.updated", "conversation.assigned", "conversation.closed", "conversation.reopened",
  "message.created", "message.updated", "message.deleted", "reaction.updated", "csat.created",
  "audit.created", "user.online", "user.offline", "publication.created", "system.info", "system.warning", "system.error",
];

/** `log` is a Log, `channels` Channels. */
export function Filters({ log, channels }) {
  return html`<div class="choice">
    <${ChannelBoxes} log=${log} channels=${channels} />
    <div class="narrow">
      <${Type} log=${log} />
      <${Since} log=${log} />
    </div>
  </div>`;
}

function ChannelBoxes({ log, channels }) {
  const chosen = log.choice.value.channels;
  const turn = (name) => log.choose({ channels: chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name] });
  const own = channels.own.value;
  const boxed = [...new Set([...own.slice(0, BOXES), ...chosen.filter((name) => !channels.reserved.value.includes(name))])];
  return html`<fieldset class="filter boxes">
    <legend class="sr-only">${t("Channels")}</legend>
    <${Box} label=${t("All")} checked=${chosen.length === 0} onChange=${() => log.choose({ channels: [] })} />
    ${channels.reserved.value.map((name) => html`<${Box} key=${name} name=${name} label=${name} checked=${chosen.includes(name)} onChange=${() => turn(name)} />`)}
    ${boxed.map((name) => html`<${Box} key=${name} name=${name} own label=${name} checked=${chosen.includes(name)} onChange=${() => turn(name)} />`)}
    ${own.length > BOXES && html`<${Other} own=${own} onChoose=${(name) => chosen.includes(name) || turn(name)} />`}
  </fieldset>`;
}

function Box({ name, label, own, checked, onChange }) {
  return html`<label data-channel=${own ? undefined : name} class=${own ? "own" : ""}>
    <input type="checkbox" checked=${checked} onChange=${onChange} />
    <span>${name && html`<span class="dot" aria-hidden="true"></span>`}<bdi>${label}</bdi></span>
  </label>`;
}

/** One of the many own channels, by name. */
function Other({ own, onChoose }) {
  const choose = (event) => {
    event.preventDefault();
    const field = event.currentTarget.elements.other;
    const name = field.value.trim();
    if (name !== "") onChoose(name);
    field.value = "";
  };
  return html`<form class="other" onSubmit=${choose}>
    <input name="other" list="own-channels" maxlength="64" aria-label=${t("Another channel")} placeholder=${t("and %(n)s more", { n: number(own.length - BOXES) })} autocomplete="off" />
    <datalist id="own-channels">${own.slice(BOXES).map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>
    <button type="submit" class="quiet">${t("Add")}</button>
  </form>`;
}

function Type({ log }) {
  const timer = useRef(null);
  const type = ({ currentTarget: { value } }) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => log.choose({ type: value.trim() }), TYPED_FOR);
  };
  return html`<div>
    <${Field} label=${t("Type")} name="type" type="search" maxlength="64" placeholder=${t("any")} onInput=${type} list="event-types" autocomplete="off" />
    <datalist id="event-types">${TYPES.map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>
  </div>`;
}

/** Where to begin: nothing for the newest. */
function Since({ log }) {
  const form = useRef(null);
  const { since } = log.choice.value;
  useEffect(() => (form.current.elements.since.value = since), [since]);
  const replay = (event) => {
    event.preventDefault();
    log.choose({ since: form.current.elements.since.value.trim() });
  };
  return html`<form class="since" ref=${form} onSubmit=${replay} novalidate>
    <${Field} label=${t("Replay from")} name="since" maxlength="80" list="since-forms" autocomplete="off"
      error=${log.refused.value} hint=${t("A position (4711, or with its epoch), an age (30s, 10m, 2h, 7d), a time (2025-07-20T00:05:37Z), or now.")} />
    <datalist id="since-forms"><option value="0"></option><option value="10m"></option><option value="2h"></option><option value="7d"></option><option value="now"></option></datalist>
    <button type="submit" class="quiet">${t("Replay")}</button>
    ${since !== "" && html`<button type="button" class="quiet" onClick=${() => log.choose({ since: "" })}>${t("To the newest")}</button>`}
  </form>`;
}
