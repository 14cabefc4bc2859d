// The line to paste: what makes an event happen, with the real address in it.

import { useState } from "preact/hooks";
import { ALL } from "../feed.js";
import { html } from "../html.js";
import { address, program, reader } from "../place.js";
import { t } from "../words.js";
import { Copy } from "./copy.js";

/** Open from the start where nothing has been measured yet; then as the reader leaves it. */
export function Trial({ feed }) {
  const entries = feed.list(ALL).value;
  const sensor = knownSensor(entries);
  const [open] = useState(!entries.some(({ event }) => event?.channel === "readings"));
  const [made] = useState(sensor !== null);
  return html`<details class="trial" open=${open}>
    <summary>${t("Send an event from a terminal")}</summary>
    <ol>
      ${!made && html`<${Line} what=${t("Make a sensor:")} code=${curl("sensors", { tipo: "temperatura", modelo: "DHT22", nombre: "Patio" })} />`}
      <${Line} what=${t("Send a reading:")} code=${curl("readings", { sensor_id: sensor ?? 1, valor: 21.5, unidad: "°C" })} />
    </ol>
    ${reader.value.access === "closed" && html`<p class="note">
      ${t("This server is closed, so the command needs a token. On its machine, this makes one:")}
      ${" "}<code>export REALTIME_TOKEN=$(${program} token create --user ana --role agent)</code>
    </p>`}
    <p class="note"><a href=${address("websocket_client.html").href}>${t("Watch the frames of a WebSocket")}</a></p>
  </details>`;
}

function Line({ what, code }) {
  return html`<li>
    <p>${what}</p>
    <div class="line"><pre tabindex="0" aria-label=${what}><code>${code}</code></pre><${Copy} text=${code} /></div>
  </li>`;
}

function curl(entity, body) {
  const token = reader.value.access === "closed" ? ' -H "Authorization: Bearer $REALTIME_TOKEN"' : "";
  const url = address(`api/v1/${entity}/`).href;
  return `curl ${url} -H 'Content-Type: application/json'${token} -d '${JSON.stringify(body)}'`;
}

/** The id of the sensor that was last heard of, null for none. */
function knownSensor(entries) {
  for (const { event } of entries) {
    if (event?.type === "sensor.created" || event?.type === "sensor.updated") return event.entity_id;
    if (typeof event?.data?.sensor_id === "number") return event.data.sensor_id;
  }
  return null;
}
