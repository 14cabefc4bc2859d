// The page of the API: requests, sockets and events, as the server itself describes them, with examples that run.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Panel } from "../components/panel.js";
import { Catalogue, CloseCodes } from "../docs/catalogue.js";
import { Requests } from "../docs/requests.js";
import { Sockets } from "../docs/sockets.js";
import { html } from "../html.js";
import { Load } from "../load.js";
import { openPage } from "../page.js";
import { address, ask } from "../place.js";
import { t } from "../words.js";

const openapi = new Load((given) => ask("openapi.json", {}, { signal: given }));
const asyncapi = new Load((given) => ask("asyncapi.json", {}, { signal: given }));

const search = signal("");

function Main() {
  useEffect(goToHash, [openapi.state.value.kind]);
  return html`
    <p class="lead">${t("Every request and every frame, as this server describes them itself. What you try here is done for real.")}</p>
    <nav class="contents" aria-label=${t("On this page")}>
      <a href="#requests">${t("Requests")}</a> <a href="#sockets">${t("Sockets")}</a> <a href="#events">${t("Events")}</a> <a href="#endings">${t("Close codes")}</a>
      <a href=${address("openapi.json").href}>${"openapi.json"}</a> <a href=${address("asyncapi.json").href}>${"asyncapi.json"}</a>
    </nav>
    <${Panel} title=${t("Requests")} id="requests" class="docs" load=${openapi} tools=${html`<${Search} />`}>
      ${openapi.value && html`<${Requests} root=${openapi.value} search=${search.value} />`}
    <//>
    <${Panel} title=${t("Sockets")} id="sockets" class="docs" load=${asyncapi}>${asyncapi.value && html`<${Sockets} root=${asyncapi.value} />`}<//>
    <${Panel} title=${t("Events")} id="events" class="docs" load=${asyncapi}>${asyncapi.value && html`<${Catalogue} root=${asyncapi.value} />`}<//>
    <${Panel} title=${t("Close codes")} id="endings" class="docs" load=${asyncapi}>${asyncapi.value && html`<${CloseCodes} root=${asyncapi.value} />`}<//>
  `;
}

function Search() {
  return html`<label class="search"><span class="sr-only">${t("Search requests")}</span>
    <input type="search" placeholder=${t("Search requests")} value=${search.value} onInput=${(event) => (search.value = event.currentTarget.value)} /></label>`;
}

/** What the address names was not there when the browser looked for it. */
function goToHash() {
  if (openapi.value !== undefined) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

openapi.run();
asyncapi.run();
openPage({ name: "docs", title: t("API"), Main, listen: { door: "api/v1/ws/secure", channels: ["users"] } });
