// Closing connections: asked once for all of them, done one after the other, and told how far it is.

import { useEffect, useRef, useState } from "preact/hooks";
import { Field, Form } from "../components/field.js";
import { toast } from "../components/toasts.js";
import { html } from "../html.js";
import { Refused, tell } from "../place.js";
import { number, t, tn } from "../words.js";

const LONGEST_BLOCK = 86_400;

/** Lines about what was refused that are shown; there may be as many as connections. */
const LINES = 5;

/** `rows` are to be closed; `own` is the id of this page's connection, null where it is not known. Closes with true when it is done. */
export function Closing({ rows, own, close }) {
  const [way, setWay] = useState("block");
  const [done, setDone] = useState(null);
  const [refused, setRefused] = useState([]);
  const stopped = useRef(false);
  useEffect(() => () => (stopped.current = true), []);
  const begin = async (values) => {
    const query = way === "return" ? { reconnect: "1" } : { block: values.get("block") };
    const failed = [];
    for (const [index, row] of rows.entries()) {
      if (stopped.current) return;
      setDone(index);
      const error = await closeOne(row, query);
      // A number that is not allowed is so for all of them: the form shows it.
      if (error?.errors.has("block")) {
        setDone(null);
        throw error;
      }
      if (error !== null) failed.push({ row, error });
    }
    setDone(rows.length);
    setRefused(failed);
    if (failed.length > 0) return;
    toast(tn("%(n)s connection closed.", "%(n)s connections closed.", rows.length));
    close(true);
  };
  if (refused.length > 0) return html`<${Failures} refused=${refused} all=${rows.length} close=${close} />`;
  return html`<${Form} class="closing" action=${tn("Close %(n)s connection", "Close %(n)s connections", rows.length)} busy=${done !== null} onSubmit=${begin}
      extra=${html`<button type="button" class="quiet" onClick=${() => close(false)}>${done === null ? t("Cancel") : t("Stop")}</button>`}>
    <p>${rows.length === 1 ? html`<bdi>${rows[0].user}</bdi> · ${rows[0].dialect} · #${rows[0].id}` : told(rows)}</p>
    ${rows.some(({ id }) => id === own) && html`<p class="warning">${t("One of them is the connection of this page itself.")}</p>`}
    <fieldset>
      <legend class="sr-only">${t("What its client is to do")}</legend>
      <${Way} value="block" chosen=${way} onChoose=${setWay} label=${t("Keep it out")} hint=${t("Its credential (a guest's address) cannot connect there again for a while.")} />
      <${Way} value="return" chosen=${way} onChoose=${setWay} label=${t("Ask it to come back")} hint=${t("It connects again at once, and goes on where it was.")} />
    </fieldset>
    ${way === "block" && html`<${Field} label=${t("For how many seconds")} name="block" type="number" min="0" max=${LONGEST_BLOCK} value="60" required
      hint=${t("0 to %(most)s; 0 keeps nobody out.", { most: number(LONGEST_BLOCK) })} />`}
    ${done !== null && html`<p role="status"><progress value=${done} max=${rows.length}></progress> ${t("%(done)s of %(all)s", { done: number(done), all: number(rows.length) })}</p>`}
  <//>`;
}

function Way({ value, chosen, onChoose, label, hint }) {
  return html`<label class="way"><input type="radio" name="way" value=${value} checked=${value === chosen} onChange=${() => onChoose(value)} />
    <span>${label}<small>${hint}</small></span></label>`;
}

function Failures({ refused, all, close }) {
  return html`<div role="alert">
    <p>${t("%(done)s of %(all)s were closed. These were not:", { done: number(all - refused.length), all: number(all) })}</p>
    <ul>${refused.slice(0, LINES).map(({ row, error }) => html`<li key=${row.id}><bdi>${row.user}</bdi> (#${row.id}): ${error.message}</li>`)}</ul>
    ${refused.length > LINES && html`<p>${t("and %(n)s more", { n: number(refused.length - LINES) })}</p>`}
    <div class="actions"><button type="button" onClick=${() => close(true)}>${t("Close")}</button></div>
  </div>`;
}

/** What was wrong, null for nothing: one that has gone by itself is closed as well. */
async function closeOne({ id }, query) {
  try {
    await tell("PATCH", `api/v1/websockets/${id}/`, { status: "Inativa" }, { query });
    return null;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return error.status === 404 ? null : error;
  }
}

function told(rows) {
  const users = [...new Set(rows.map(({ user }) => user))];
  const names = users.slice(0, LINES).join(", ") + (users.length > LINES ? " …" : "");
  return t("%(n)s connections: %(names)s", { n: number(rows.length), names });
}
