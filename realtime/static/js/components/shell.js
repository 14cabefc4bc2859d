// What stands around the content of every page: the bar with the navigation, how it stands with the server, who reads.

import { useEffect, useRef } from "preact/hooks";
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
    <main id="main" tabindex="-1" class=${`page-${name}`} data-state=${connection.state.value.kind}>
      <${Trouble} connection=${connection} />
      <h1 class="title">${title}</h1>
      ${children}
    </main>
    <footer><nav class="foot" aria-label=${t("More")}>
      <a href=${address("docs").href} aria-current=${name === "docs" ? "page" : undefined}>${t("API")}</a>
      <a href=${address("websocket_client.html").href}>${t("Watch the frames of a WebSocket")}</a>
    </nav></footer>
    <${Toasts} />
    <${Dialogs} />
  `;
}

function Navigation({ here }) {
  const offered = PAGES.filter(({ needs }) => needs === undefined || may(needs));
  const list = useRef(null);
  useEffect(() => {
    // On a phone not all fit, and the page that is open may be the last.
    const current = list.current.querySelector("[aria-current]");
    if (current) list.current.scrollLeft = current.offsetLeft - list.current.clientWidth / 2;
  }, []);
  return html`<nav class="pages" aria-label=${t("Pages")}>
    <ul role="list" ref=${list}>
      ${offered.map(
        ({ name, path, title }) => html`<li key=${name}>
          <a href=${address(path).href} aria-current=${name === here ? "page" : undefined}>${title}</a>
        </li>`,
      )}
    </ul>
  </nav>`;
}
