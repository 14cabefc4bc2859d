// Declaring a connection before anybody is connected: a row, and the address and ticket of its socket, shown once.

import { useState } from "preact/hooks";
import { Copy } from "../components/copy.js";
import { Field, Form } from "../components/field.js";
import { html } from "../html.js";
import { may, reader, tell } from "../place.js";
import { t, tn } from "../words.js";

const DECLARABLE = ["channels", "realtime", "dashboard", "chat"];

/** Closes with true when a row was made. */
export function Declaring({ close }) {
  const [made, setMade] = useState(null);
  if (made !== null) return html`<${Made} made=${made} close=${close} />`;
  const declare = async (values) => {
    const channels = values.get("channels").split(",").map((name) => name.trim()).filter(Boolean);
    const body = { user: values.get("user"), status: "Ativa", dialect: values.get("dialect") };
    if (channels.length > 0) body.channels = channels;
    setMade((await tell("POST", "api/v1/websockets/", body)).body);
  };
  const hint = may("admin") ? t("An account's socket signs in as that account; any other name only reads.") : t("A name without an account: its socket only reads.");
  return html`<${Form} action=${t("Declare")} onSubmit=${declare} extra=${html`<button type="button" class="quiet" onClick=${() => close()}>${t("Cancel")}</button>`}>
    <${Field} label=${t("User")} name="user" autofocus maxlength="64" required hint=${hint} value=${may("admin") ? reader.value.name : ""} />
    <${Field} label=${t("Dialect")} name="dialect" options=${DECLARABLE.map((name) => [name, name])} value="channels" />
    <${Field} label=${t("Channels")} name="channels" hint=${t("Names with commas between; none: what the dialect usually carries.")} />
  <//>`;
}

function Made({ made, close }) {
  return html`
    <p>${tn("The socket that connects here within %(n)s second becomes the row. This is shown once.", "The socket that connects here within %(n)s seconds becomes the row. This is shown once.", made.expires_in)}</p>
    <${Line} label=${t("Address")} text=${made.url} />
    <${Line} label=${t("Ticket")} text=${made.ticket} />
    <div class="actions"><button type="button" onClick=${() => close(true)}>${t("Done")}</button></div>
  `;
}

function Line({ label, text }) {
  return html`<p class="caption">${label}</p>
    <div class="line"><pre tabindex="0" role="group" aria-label=${label}><code>${text}</code></pre><${Copy} text=${text} /></div>`;
}
