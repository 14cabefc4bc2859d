// The table of connections: windowed, sorted, one page of the roster at a time.

import { signal } from "@preact/signals";
import { Scroller } from "../components/scroller.js";
import { html } from "../html.js";
import { matching, rem } from "../room.js";
import { number, t } from "../words.js";
import { COLUMNS, NEWEST, pressed, sorted } from "./columns.js";
import { PAGE } from "./roster.js";
import { Cells } from "./row.js";

const isNarrow = matching("(max-width: 62rem)");

/** The height of a row in rem, as css/roster.css has it. */
const HEIGHT = { wide: 3.75, narrow: 12.25 };

const order = signal(NEWEST);

// Two lines of a row have a heading each, in one cell.
const HEADINGS = [
  ["who", "user", "remote"],
  ["what", "dialect", "channels"],
  ["when", "since", "seen"],
  ["lag", "lag"],
  ["queue", "queue"],
  ["rtt", "rtt"],
  ["client", "client", "close"],
];

/** `own` is a signal of the id of this page's connection; `levers` is null for whoever may not steer. */
export function Table({ roster, own, levers, onDetails }) {
  const rows = sorted(roster.state.value.value.rows, order.value);
  const most = { lag: largest(rows, "lag", 100), queue: largest(rows, "queued_bytes", 65_536) };
  const head = html`
    ${levers && html`<span role="columnheader" class="pick"><${PickAll} rows=${rows} levers=${levers} /></span>`}
    ${HEADINGS.map(([name, ...columns]) => html`<span key=${name} role="columnheader" class=${name} aria-sort=${direction(columns)}>
      ${columns.map((column) => html`<${Heading} key=${column} column=${column} />`)}
    </span>`)}
    ${levers && html`<span role="columnheader" class="levers"><span class="sr-only">${t("Actions")}</span></span>`}
  `;
  const render = (row) => html`<div class=${roster.fresh.has(row.id) ? "cells fresh" : "cells"} role="presentation">
    <${Cells} row=${row} own=${row.id === own.value} most=${most} levers=${levers} onDetails=${onDetails} />
  </div>`;
  return html`
    <${Order} />
    <${Scroller} class=${levers ? "roster steered" : "roster"} role="table" label=${t("Connections")} rows=${rows} height=${rem.value * (isNarrow.value ? HEIGHT.narrow : HEIGHT.wide)}
      keyOf=${({ id }) => id} render=${render} head=${html`<div class="cells" role="presentation">${head}</div>`} onOpen=${onDetails} />
    <${Pager} roster=${roster} />
  `;
}

function largest(rows, name, least) {
  return rows.reduce((most, row) => Math.max(most, row[name] ?? 0), least);
}

function direction(columns) {
  const { by, down } = order.value;
  if (!columns.includes(by)) return undefined;
  return down ? "descending" : "ascending";
}

function Heading({ column }) {
  const { by, down } = order.value;
  return html`<button type="button" onClick=${() => (order.value = pressed(order.peek(), column))}>
    ${COLUMNS.get(column).label()}${by === column && html`<span aria-hidden="true">${down ? " ↓" : " ↑"}</span>`}
  </button>`;
}

/** Where there is no room for headings, what they do is a choice. */
function Order() {
  if (!isNarrow.value) return null;
  const { by, down } = order.value;
  return html`<div class="order">
    <label>${t("Sort by")}
      <select onChange=${({ currentTarget: { value } }) => (order.value = pressed({ by: "", down: false }, value))}>
        ${[...COLUMNS].map(([name, { label }]) => html`<option key=${name} value=${name} selected=${name === by}>${label()}</option>`)}
      </select>
    </label>
    <button type="button" class="quiet" onClick=${() => (order.value = { by, down: !down })}>${down ? t("Largest first") : t("Smallest first")}</button>
  </div>`;
}

function PickAll({ rows, levers }) {
  const open = rows.filter(({ status, connected_at: at }) => status === "Ativa" && at !== null).map(({ id }) => id);
  const picked = levers.picked.value;
  const count = open.filter((id) => picked.has(id)).length;
  return html`<input type="checkbox" aria-label=${t("Select all on this page")} disabled=${open.length === 0}
    checked=${count > 0 && count === open.length} indeterminate=${count > 0 && count < open.length}
    onChange=${() => (levers.picked.value = new Set(count === open.length ? [] : open))} />`;
}

function Pager({ roster }) {
  const { count, rows } = roster.state.value.value;
  const offset = roster.offset.value;
  const told = t("%(from)s to %(to)s of %(all)s", { from: number(rows.length === 0 ? 0 : offset + 1), to: number(offset + rows.length), all: number(count) });
  const turn = (label, there, possible) =>
    html`<button type="button" class="quiet" disabled=${!possible} onClick=${() => roster.turn(there)}>${label}</button>`;
  return html`<nav class="pager" aria-label=${t("Pages of the list")}>
    <p>${told}</p>
    ${count > PAGE && [turn(t("Newer"), Math.max(0, offset - PAGE), offset > 0), turn(t("Older"), offset + PAGE, offset + PAGE < count)]}
  </nav>`;
}
