// Every type of event: on which channel it comes, who reads that, and its frame in each dialect side by side; how sockets end.

import { signal } from "@preact/signals";
import { html } from "../html.js";
import { t } from "../words.js";
import { Fields, Fold, Json, Said } from "./parts.js";

const DIALECTS = [
  ["realtime", () => t("Canonical")],
  ["channels", () => t("Channels")],
  ["dashboard", () => t("Dashboard")],
  ["chat", () => t("Chat")],
];

const open = signal(new Set());

/** The catalogue, in the order of the channels. */
export function Catalogue({ root }) {
  return root["x-channels"].map(({ name, types, readers }) => html`<div key=${name} class="subject">
    <h3>${name === "*" ? t("Channels of your own") : name}</h3>
    <p class="note">${t("Read by: %(roles)s", { roles: readers.join(", ") || t("the users with a token for it") })}</p>
    ${types.map((type) => html`<${Type} key=${type} root=${root} type=${type} />`)}
  </div>`);
}

function Type({ root, type }) {
  const { messages } = root.components;
  const canonical = messages[`realtime.${type}`];
  const turn = (isOpen) => {
    if (open.peek().has(type) === isOpen) return;
    const now = new Set(open.peek());
    if (isOpen) now.add(type);
    else now.delete(type);
    open.value = now;
  };
  const frames = DIALECTS.flatMap(([dialect, label]) =>
    Object.entries(messages)
      .filter(([key]) => key === `${dialect}.${type}` || key.startsWith(`${dialect}.${type}.`))
      .map(([key, message]) => ({ key, title: dialect === "realtime" ? label() : `${label()}: ${message.name}`, value: message.examples[0].payload })),
  );
  return html`<${Fold} id=${`event-${type}`} head=${html`<code class="path">${type}</code> <span class="about" lang="en"><${Said} text=${canonical.summary} /></span>`} open=${open.value.has(type)} onOpen=${turn}>
    ${() => html`
      <div class="side-by-side">${frames.map(({ key, title, value }) => html`<${Json} key=${key} title=${title} value=${value} />`)}</div>
      <${Fields} root=${root} schema=${canonical.payload} caption=${t("Fields of the canonical form")} />
    `}
  <//>`;
}

/** With which codes sockets are closed, and what a client is to do then. */
export function CloseCodes({ root }) {
  return html`<div class="fields"><table>
    <caption>${t("How a socket ends")}</caption>
    <thead><tr><th scope="col">${t("Code")}</th><th scope="col">${t("Meaning")}</th><th scope="col">${t("Come back")}</th></tr></thead>
    <tbody>${root["x-close-codes"].map(({ code, meaning, comeBack }) => html`<tr key=${code}><th scope="row"><code>${code}</code></th><td lang="en">${meaning}</td><td>${comeBack ? t("Yes") : t("No")}</td></tr>`)}</tbody>
  </table></div>`;
}
