// Which time the chart shows: a span that ends now, or one of the reader's own.

import { useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../words.js";
import { SPANS } from "./course.js";

const OWN = "own";

export function Range({ course }) {
  const { kind } = course.range.value;
  const [open, setOpen] = useState(false);
  const names = new Map([["1h", t("1 hour")], ["24h", t("24 hours")], ["7d", t("7 days")], ["30d", t("30 days")]]);
  const pick = (each) => {
    setOpen(each === OWN);
    if (each !== OWN) course.show({ kind: each });
  };
  const chosen = open ? OWN : kind;
  return html`<div class="range">
    <fieldset>
      <legend class="sr-only">${t("Time shown")}</legend>
      ${[...SPANS.keys(), OWN].map((each) => html`<label key=${each}>
        <input type="radio" name="range" value=${each} checked=${chosen === each} onChange=${() => pick(each)} /><span>${names.get(each) ?? t("From … to …")}</span>
      </label>`)}
    </fieldset>
    ${chosen === OWN && html`<${Own} course=${course} done=${() => setOpen(false)} />`}
  </div>`;
}

function Own({ course, done }) {
  const [from, to] = course.axis.peek();
  const [wrong, setWrong] = useState(false);
  const submit = (event) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const [since, until] = ["since", "until"].map((name) => new Date(given.get(name)).getTime());
    const bad = !(since < until);
    setWrong(bad);
    if (bad) return;
    done();
    course.show({ kind: OWN, since, until });
  };
  return html`<form class="own" onSubmit=${submit} novalidate>
    <label>${t("Since")} <input type="datetime-local" name="since" step="1" defaultValue=${local(from)} aria-invalid=${wrong ? "true" : undefined} /></label>
    <label>${t("To")} <input type="datetime-local" name="until" step="1" defaultValue=${local(to)} aria-invalid=${wrong ? "true" : undefined} /></label>
    <button type="submit" class="quiet">${t("Show")}</button>
    ${wrong && html`<p class="refused" role="alert">${t("The beginning has to lie before the end.")}</p>`}
  </form>`;
}

/** A moment as a field for local times has it. */
function local(at) {
  const date = new Date(at);
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
