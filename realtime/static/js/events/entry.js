// One line of the console: when, where, what.

import { useState } from "preact/hooks";
import { gapText } from "../components/row.js";
import { html } from "../html.js";
import { summary } from "../summary.js";
import { exact, short } from "../times.js";
import { number, t } from "../words.js";

const marked = new WeakSet();

/** What is fresh is marked when it is first shown, and not again. */
export function Entry({ entry, onOpen }) {
  const [fresh] = useState(() => entry.fresh && !marked.has(entry));
  marked.add(entry);
  if (entry.gap) return html`<p class="entry gap">${gapText(entry.gap)}</p>`;
  const { event } = entry;
  const at = new Date(event.at);
  const told = event.told ?? (event.data === null ? "" : summary(event));
  return html`<div class=${fresh ? "entry fresh" : "entry"} data-channel=${event.channel} data-key=${entry.key} onClick=${() => onOpen(entry)}>
    <time datetime=${event.at} title=${exact(at)}>${short(at)}</time>
    <span class="channel"><span class="dot" aria-hidden="true"></span>${event.channel}</span>
    <span class="type">${event.type}${event.entity_id !== null && html` <span class="entity">#${event.entity_id}</span>`}</span>
    <bdi class="data">${told}</bdi>
    <button type="button" class="seq" tabindex="-1" aria-label=${t("Open event %(seq)s", { seq: number(event.seq) })}>${event.seq}</button>
  </div>`;
}
