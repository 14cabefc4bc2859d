// What a conversation can be made to be: somebody's, closed, open again, waiting for something.

import { useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../words.js";
import * as actions from "./actions.js";
import { told } from "./messages_view.js";

export function Levers({ desk, conversation }) {
  const [busy, setBusy] = useState(false);
  const { id, status, assignee } = conversation;
  const run = async (work) => {
    setBusy(true);
    await work.catch(told);
    setBusy(false);
  };
  const give = (value) => run(actions.change(id, { assignee: value === "" ? null : Number(value) }));
  const people = team(desk, conversation);
  const me = own(desk);
  return html`<div class="levers" aria-busy=${busy}>
    <label>${t("Assigned to")}
      <select value=${assignee === null ? "" : String(assignee)} disabled=${busy} onChange=${({ currentTarget }) => give(currentTarget.value)}>
        <option value="">${t("Nobody")}</option>
        ${[...people].map(([key, name]) => html`<option value=${String(key)} key=${key}>${name}</option>`)}
      </select></label>
    ${me !== null && assignee !== me && html`<button type="button" class="small take" disabled=${busy} onClick=${() => give(String(me))}>${t("Assign to me")}</button>`}
    ${status === "closed"
      ? html`<button type="button" class="small turn" disabled=${busy} onClick=${() => run(actions.reopen(id))}>${t("Reopen")}</button>`
      : html`<button type="button" class="small" disabled=${busy} onClick=${() => run(actions.change(id, { status: status === "open" ? "pending" : "open" }))}>${status === "open" ? t("Mark as pending") : t("Mark as open")}</button>
        <button type="button" class="small turn" disabled=${busy} onClick=${() => run(actions.close(id))}>${t("Close")}</button>`}
  </div>`;
}

/** The reader's id where conversations can be given to them; null for guests, who are nobody in particular. */
export function own(desk) {
  const { user_id, role } = desk.me.value;
  return role === "agent" || role === "admin" ? user_id : null;
}

/** Who is offered, id → name. Only an admin may read the list of users; others know themselves, and who has conversations. */
export function team(desk, conversation = null) {
  const found = new Map([...desk.list.assignees.value, ...desk.colleagues.value]);
  const me = own(desk);
  if (me !== null) found.set(me, desk.me.value.name);
  const { assignee = null, assignee_name } = conversation ?? {};
  if (assignee !== null) found.set(assignee, assignee_name);
  return [...found].sort(([, one], [, other]) => one.localeCompare(other));
}
