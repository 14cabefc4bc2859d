// The page of connections: the roster as it is, and the levers of an admin.

import { effect, signal } from "@preact/signals";
import { openDialog } from "../components/dialog.js";
import { Panel } from "../components/panel.js";
import { Closing } from "../connections/closing.js";
import { Declaring } from "../connections/declaring.js";
import { Details } from "../connections/details.js";
import { Filters } from "../connections/filters.js";
import { Roster } from "../connections/roster.js";
import { Saying } from "../connections/saying.js";
import { Table } from "../connections/table.js";
import { html } from "../html.js";
import { openPage } from "../page.js";
import { may } from "../place.js";
import { short } from "../times.js";
import { number, t, tn } from "../words.js";

const roster = new Roster();

/** The id of this page's own connection; null while it has none. */
const own = signal(null);

/** The ids of the connections that are selected; those that are not on the page any more do not count. */
const picked = signal(new Set());

const LEVERS = {
  picked,
  pick(id) {
    const now = new Set(picked.peek());
    if (!now.delete(id)) now.add(id);
    picked.value = now;
  },
  async close(rows) {
    const done = await openDialog(Closing, { title: tn("Close %(n)s connection", "Close %(n)s connections", rows.length), rows, own: own.peek() });
    if (done) picked.value = new Set();
    roster.run();
  },
  say: (row) => openDialog(Saying, { title: t("Send a test frame"), row }),
};

function levers() {
  return may("admin") ? LEVERS : null;
}

const details = (row) => openDialog(Details, { title: t("Connection %(id)s", { id: row.id }), id: row.id, first: row, roster, own, levers: levers() });

async function declare() {
  if (await openDialog(Declaring, { title: t("Declare a connection") })) roster.run();
}

function Main() {
  if (!may("roster")) return html`<${Panel} title=${t("Roster")} load=${BARRED} who=${t("Admins see connections, and guests of an open server.")} />`;
  const tools = html`<${Standing} /><button type="button" class="quiet" onClick=${declare}>${t("Declare …")}</button>`;
  return html`
    <${Panel} title=${t("Roster")} id="roster" class="connections" load=${roster} tools=${tools} who=${t("Admins see connections, and guests of an open server.")}>
      <${Filters} roster=${roster} />
      <${Picked} />
      <${Shown} />
      <p class="note">${t("Behind: how many events the log is ahead of what was written to a connection. Queue: what waits to be taken by its client. Round trip: how long its last answer to a ping took.")}</p>
    <//>
  `;
}

const BARRED = { state: signal({ kind: "forbidden" }) };

function Shown() {
  if (roster.state.value.value.rows.length > 0) {
    return html`<${Table} roster=${roster} own=${own} levers=${levers()} onDetails=${details} />`;
  }
  return html`<div class="note empty">
    <p>${t("No connection is like that.")}</p>
    <p>${t("Choose other filters, or look at the closed ones: they are kept for some days.")}</p>
  </div>`;
}

/** When the rows were true, and why they are not refreshed. */
function Standing() {
  const at = roster.at.value;
  if (at === null) return null;
  if (roster.trouble.value === null) return html`<span class="as-of">${t("As of %(time)s", { time: short(at) })}</span>`;
  return html`<span class="as-of stale" role="status">${t("Not refreshed since %(time)s", { time: short(at) })} ${roster.trouble.value}</span>`;
}

function Picked() {
  const rows = (roster.state.value.value?.rows ?? []).filter(({ id, status }) => picked.value.has(id) && status === "Ativa");
  if (rows.length === 0 || !may("admin")) return null;
  return html`<section class="picked" aria-label=${t("What is selected")}>
    <p role="status">${t("%(n)s selected", { n: number(rows.length) })}</p>
    <button type="button" class="quiet" onClick=${() => LEVERS.close(rows)}>${t("Close …")}</button>
    <button type="button" class="quiet" onClick=${() => (picked.value = new Set())}>${t("Clear")}</button>
  </section>`;
}

const connection = openPage({
  name: "connections",
  title: t("Connections"),
  Main,
  // What is done to connections is told there, and who comes online: a reason to look at once.
  listen: { door: "api/v1/ws/secure", channels: ["users", "audit"], onEvent: look, onMissed: anew },
});

/** In another history the same id may be another connection. */
function anew({ another }) {
  if (another) picked.value = new Set();
  look();
}

function look() {
  if (may("roster")) roster.soon();
}

effect(() => {
  if (connection.state.value.kind !== "live") return;
  connection.send({ action: "ping" }).then(
    (standing) => {
      own.value = standing.connection;
      look();
    },
    () => {},
  );
});

// Whoever may not look yet may do so later: another role counts at once.
const stop = effect(() => {
  if (!may("roster")) return;
  roster.start();
  queueMicrotask(() => stop());
});
