// The feed itself: newest first, held while somebody reads, bounded.

import { Component } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { LIMIT } from "../feed.js";
import { html } from "../html.js";
import { number, t } from "../words.js";
import { GapRow, Row } from "./row.js";
import { Waiting } from "./waiting.js";

/** `hold` says what to show; `phase` is a signal of {kind: "loading" | "ready" | "failed", detail}. */
export function List({ hold, phase, onRetry }) {
  const top = useRef(null);
  useEffect(() => watchTop(top.current, hold), []);
  const show = () => {
    hold.catchUp();
    if (hold.away.peek()) top.current.scrollIntoView();
  };
  const entries = hold.shown.value;
  const { kind, detail } = phase.value;
  return html`<section class="feed" aria-label=${t("Events, newest first")} ...${hold.focus}>
    <div ref=${top} class="top"></div>
    <${Waiting} hold=${hold} onShow=${show} />
    <ol role="list" onKeyDown=${walk}>
      ${entries.map((entry) => html`<${Steady} key=${entry.key} entry=${entry} />`)}
    </ol>
    ${kind === "loading" && html`<p class="note" role="status">${t("Loading …")}</p>`}
    ${kind === "failed" && html`<p class="note" role="alert">${t("The past could not be loaded.")} ${detail}
      <button type="button" class="quiet" onClick=${onRetry}>${t("Try again")}</button></p>`}
    ${kind === "ready" && entries.length === 0 && html`<p class="note">${t("Nothing has happened here yet.")}</p>`}
    ${entries.length === LIMIT && html`<p class="note">${t("The last %(n)s events. Older ones stay on the server.", { n: number(LIMIT) })}</p>`}
  </section>`;
}

// An element that is kept beside the list would keep the whole drawing in which it was last seen, so a row says by itself
// that it need not be looked at again. Its time says "today": on another day it is.
class Steady extends Component {
  shouldComponentUpdate({ entry }) {
    return entry !== this.props.entry || this.day !== new Date().toDateString();
  }

  render({ entry }) {
    this.day = new Date().toDateString();
    return entry.gap ? html`<${GapRow} gap=${entry.gap} />` : html`<${Row} entry=${entry} />`;
  }
}

/** The reader is away while the top of the list is above what can be seen. */
function watchTop(top, hold) {
  const observer = new IntersectionObserver(([{ isIntersecting, boundingClientRect }]) => {
    hold.away.value = !isIntersecting && boundingClientRect.top < 0;
  });
  observer.observe(top);
  return () => observer.disconnect();
}

/** Arrow keys, Home and End go from row to row. */
function walk(event) {
  const rows = [...event.currentTarget.querySelectorAll("summary")];
  const here = rows.indexOf(document.activeElement);
  const there = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (here === -1 || there === undefined || rows[there] === undefined) return;
  event.preventDefault();
  rows[there].focus();
}
