// One line of the console: when, where, what.

import { Component } from "preact";
import { gapText } from "../components/row.js";
import { html } from "../html.js";
import { summary } from "../summary.js";
import { exact, short } from "../times.js";
import { number, t } from "../words.js";

const marked = new WeakSet();

/** What is fresh is marked when it is first shown, and not again. */
export class Entry extends Component {
  constructor({ entry }) {
    super();
    this.fresh = entry.fresh && !marked.has(entry);
    marked.add(entry);
  }

  // The list moves ten times a second; what a row says stays, but for "today".
  shouldComponentUpdate({ entry }) {
    return entry !== this.props.entry || this.day !== new Date().toDateString();
  }

  render({ entry, onOpen }) {
    this.day = new Date().toDateString();
    if (entry.gap) return html`<p class="entry gap">${gapText(entry.gap)}</p>`;
    const { event } = entry;
    const at = new Date(event.at);
    const told = event.told ?? (event.data === null ? "" : summary(event));
    return html`<div class=${this.fresh ? "entry fresh" : "entry"} data-channel=${event.channel} data-key=${entry.key} onClick=${() => onOpen(entry)}>
      <time datetime=${event.at} title=${exact(at)}>${short(at)}</time>
      <span class="channel"><span class="dot" aria-hidden="true"></span>${event.channel}</span>
      <span class="type">${event.type}${event.entity_id !== null && html` <span class="entity">#${event.entity_id}</span>`}</span>
      <bdi class="data">${told}</bdi>
      <button type="button" class="seq" tabindex="-1" aria-label=${t("Open event %(seq)s", { seq: number(event.seq) })}>${event.seq}</button>
    </div>`;
  }
}
