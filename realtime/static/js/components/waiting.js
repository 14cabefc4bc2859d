// What has come while the list was held.

import { html } from "../html.js";
import { number, t, tn } from "../words.js";

/** `hold` counts; `onShow` is called when the reader wants to see it. */
export function Waiting({ hold, onShow }) {
  const { count, many } = hold.waiting.value;
  if (count === 0) return null;
  const text = many ? t("%(n)s+ new events", { n: number(count) }) : tn("%(n)s new event", "%(n)s new events", count);
  return html`<div class="waiting"><button type="button" onClick=${onShow}><span aria-hidden="true">↑ </span>${text}</button></div>`;
}
