// The list of the console: newest first, windowed, held while somebody reads.

import { useRef } from "preact/hooks";
import { Scroller } from "../components/scroller.js";
import { html } from "../html.js";
import { matching, rem } from "../room.js";
import { number, t, tn } from "../words.js";
import { Entry } from "./entry.js";
import { LIMIT } from "./log.js";

const isNarrow = matching("(max-width: 50rem)");

/** The height of a row in rem, as css/events.css has it. */
const HEIGHT = { wide: 2.5, narrow: 5.25 };

/** `onOpen(entry)`, always the same function, is told which event is to be seen in full. */
export function List({ log, onOpen }) {
  const box = useRef(null);
  const { hold } = log;
  const entries = hold.shown.value;
  const open = (entry) => entry.gap || onOpen(entry);
  const scrolled = ({ target }) => target.classList.contains("entries") && (hold.away.value = target.scrollTop > 1);
  return html`<div class="console" ref=${box} onScrollCapture=${scrolled} ...${hold.focus}>
    <${Waiting} hold=${hold} box=${box} />
    ${entries.length > 0 && html`<${Scroller} class="entries" rows=${entries} height=${rem.value * (isNarrow.value ? HEIGHT.narrow : HEIGHT.wide)} label=${t("Events, newest first")}
      keyOf=${({ key }) => key} render=${(entry) => html`<${Entry} key=${entry.key} entry=${entry} onOpen=${onOpen} />`} onOpen=${open} />`}
    <${Standing} log=${log} count=${entries.length} />
  </div>`;
}

function Waiting({ hold, box }) {
  const { count, many } = hold.waiting.value;
  if (count === 0) return null;
  const show = () => {
    hold.catchUp();
    const list = box.current.querySelector(".entries");
    if (list) list.scrollTop = 0;
  };
  const text = many ? t("%(n)s+ new events", { n: number(count) }) : tn("%(n)s new event", "%(n)s new events", count);
  return html`<div class="waiting"><button type="button" onClick=${show}><span aria-hidden="true">↑ </span>${text}</button></div>`;
}

/** What is to be said below the list. */
function Standing({ log, count }) {
  const { kind, detail, left } = log.phase.value;
  if (kind === "loading") return html`<p class="note" role="status">${t("Loading …")}</p>`;
  if (kind === "failed") {
    return html`<p class="note" role="alert">${t("The past could not be loaded.")} ${detail} <button type="button" class="quiet" onClick=${() => log.again()}>${t("Try again")}</button></p>`;
  }
  if (kind === "full") {
    return html`<div class="note full" role="status">
      <p>${t("The replay stopped after %(n)s events; the log goes on for %(left)s more.", { n: number(LIMIT), left: number(left) })}</p>
      <button type="button" class="quiet" onClick=${() => log.goOn()}>${t("Go on")}</button>
    </div>`;
  }
  if (count === 0) {
    return html`<div class="note empty"><p>${t("Nothing has happened here yet.")}</p><p>${t("Publish something below, or choose other channels.")}</p></div>`;
  }
  if (count >= LIMIT) return html`<p class="note">${t("The last %(n)s events. Older ones stay on the server.", { n: number(LIMIT) })}</p>`;
  return html`<p class="note">${t("What came before can be replayed from a position or a time.")}</p>`;
}
