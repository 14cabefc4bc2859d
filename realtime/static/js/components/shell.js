// What stands around the content of every page: the bar with the navigation, how it stands with the server, who reads.

import { html } from "../html.js";
import { PAGES } from "../pages.js";
import { address, may } from "../place.js";
import { t } from "../words.js";
import { Dialogs } from "./dialog.js";
import { ReaderMenu } from "./reader.js";
import { Status, Trouble } from "./status.js";
import { Toasts } from "./toasts.js";

/** `name` is the page's own in PAGES, `title` its heading; what it shows are the children. */
export function Shell({ name, title, connection, children }) {
  return html`
    <a class="skip" href="#main">${t("To the content")}</a>
    <header class="bar">
      <a class="brand" href=${address("").href}><img src=${document.querySelector("link[rel=icon]").href} alt="realtime" width="28" height="28" /><span class="name" aria-hidden="true">realtime</span></a>
      <${Navigation} here=${name} />
      <${Status} state=${connection.state} />
      <${ReaderMenu} />
    </header>
    <main id="main" tabindex="-1" class=${`page-${name}`}>
      <${Trouble} connection=${connection} />
      <h1 class="title">${title}</h1>
      ${children}
    </main>
    <footer class="foot">
      <a href=${address("openapi.json").href}>${"OpenAPI"}</a>
      <a href=${address("websocket_client.html").href}>${t("Watch the frames of a WebSocket")}</a>
    </footer>
    <${Toasts} />
    <${Dialogs} />
  `;
}

function Navigation({ here }) {
  const offered = PAGES.filter(({ needs }) => needs === undefined || may(needs));
  return html`<nav class="pages" aria-label=${t("Pages")}>
    <ul role="list">
      ${offered.map(
        ({ name, path, title }) => html`<li key=${name}>
          <a href=${address(path).href} aria-current=${name === here ? "page" : undefined}>${title}</a>
        </li>`,
      )}
    </ul>
  </nav>`;
}
