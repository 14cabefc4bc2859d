// One entry of the feed: a line that opens to everything the server knows of the event.

import { useState } from "preact/hooks";
import { html } from "../html.js";
import { summary } from "../summary.js";
import { exact, short } from "../times.js";
import { number, t } from "../words.js";

const marked = new WeakSet();

/** An event. What is fresh is marked when it is first shown, and not again. */
export function Row({ entry }) {
  const { event } = entry;
  const [open, setOpen] = useState(false);
  const [fresh] = useState(() => entry.fresh && !marked.has(entry));
  marked.add(entry);
  const at = new Date(event.at);
  return html`<li class=${fresh ? "row fresh" : "row"} data-channel=${event.channel} data-key=${entry.key}>
    <details onToggle=${({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <time datetime=${event.at} title=${exact(at)}>${short(at)}</time>
        <span class="channel"><span class="dot" aria-hidden="true"></span>${event.channel}</span>
        <span class="type">${event.type}${event.entity_id !== null && html` <span class="entity">#${event.entity_id}</span>`}</span>
        <bdi class="data">${summary(event)}</bdi>
        <span class="exact" aria-hidden="true">${exact(at)}</span>
      </summary>
      ${open && html`<${Details} event=${event} at=${at} />`}
    </details>
  </li>`;
}

function Details({ event, at }) {
  return html`<div class="details">
    <dl>
      <div><dt>${t("Time")}</dt><dd>${exact(at)}</dd></div>
      <div><dt>${t("Number")}</dt><dd>${number(event.seq)}</dd></div>
      <div><dt>${t("By")}</dt><dd><bdi>${event.actor ?? "–"}</bdi></dd></div>
    </dl>
    <pre tabindex="0" aria-label=${t("Data")}><code>${JSON.stringify(event.data, null, 2)}</code></pre>
  </div>`;
}

/** What is said of a stretch that cannot be shown. */
export function gapText({ from, to, another }) {
  return another
    ? t("The server began a new history here (it was restored, or its machine failed). What is below belongs to the former one.")
    : t("Events %(from)s to %(to)s can no longer be replayed: they were removed, or are damaged.", {
        from: number(from.seq + 1),
        to: number(to.seq),
      });
}

/** A stretch that cannot be shown. */
export function GapRow({ gap }) {
  return html`<li class="gap"><p>${gapText(gap)}</p></li>`;
}
