// Making something happen: a publication on a channel of one's own, or a test event.

import { useState } from "preact/hooks";
import { Field, Form } from "../components/field.js";
import { Panel } from "../components/panel.js";
import { html } from "../html.js";
import { may, Refused, tell } from "../place.js";
import { number, t, tn } from "../words.js";

/** Channels of the sensor system, which take a test event. */
const TESTED = ["general", "sensors", "readings", "locations", "anomalies", "predictions"];

const MESSAGE_LENGTH = 500;

export function Publish({ channels }) {
  if (!may("publish")) return null;
  return html`<${Panel} title=${t("Publish")} id="publish"><${Publication} channels=${channels} /><//>`;
}

function Publication({ channels }) {
  const [made, setMade] = useState(null);
  const publish = async (values) => {
    const [channel, data, kind] = ["channel", "data", "kind"].map((name) => values.get(name));
    if (kind === "json") refuseBad(data);
    const key = values.get("key").trim() || undefined;
    const type = kind === "json" ? "application/json" : "text/plain; charset=utf-8";
    const { body } = await tell("POST", `api/v1/channels/${encodeURIComponent(channel.trim())}`, data, { key, type });
    setMade({ ...body, again: made?.seq === body.seq });
  };
  return html`<${Form} action=${t("Publish")} onSubmit=${publish}>
    <${Field} label=${t("Channel")} name="channel" maxlength="64" required list="publish-channels" autocomplete="off" autocapitalize="none" spellcheck="false"
      hint=${t("One of your own: a-z, 0-9, . _ : and -. It exists from its first publication.")} />
    <datalist id="publish-channels">${channels.own.value.map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>
    <${Field} label=${t("Kind")} name="kind" options=${[["json", "JSON"], ["text", t("Text")]]} value="json" />
    <${Field} label=${t("Data")} name="data" rows="4" required spellcheck="false" value='{"hola": "mundo"}' />
    <${Field} label="Idempotency-Key" name="key" maxlength="255" autocomplete="off" hint=${t("Optional: sent twice with the same key, it happens once.")} />
    ${made && html`<p class="made" role="status">${made.again ? t("Event %(seq)s, as before: it happened once.", { seq: number(made.seq) }) : t("Event %(seq)s on %(channel)s.", { seq: number(made.seq), channel: made.channel })}</p>`}
  <//>`;
}

/** The server would say so as well, but of the whole request. */
function refuseBad(text) {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new Refused(400, t("Nothing was published."), { errors: { data: [t("This is no JSON: %(why)s", { why: error.message })] } });
  }
}

export function TestEvent() {
  const [made, setMade] = useState(null);
  if (!may("write")) return null;
  const send = async (values) => {
    const query = { channel: values.get("channel"), message: values.get("message") };
    setMade((await tell("POST", "api/v1/ws/test-event", undefined, { query })).body);
  };
  return html`<${Panel} title=${t("Test event")} id="test-event">
    <${Form} action=${t("Send")} onSubmit=${send}>
      <${Field} label=${t("Channel")} name="channel" options=${TESTED.map((name) => [name, name])} value="general" />
      <${Field} label=${t("Message")} name="message" maxlength=${MESSAGE_LENGTH} value="test" />
      ${made && html`<p class="made" role="status">${tn("Event %(seq)s; %(n)s connection listens there.", "Event %(seq)s; %(n)s connections listen there.", made.matched, { seq: number(made.seq) })}</p>`}
    <//>
  <//>`;
}
