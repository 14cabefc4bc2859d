// A card with a heading, and what it shows while there is nothing else to show.

import { useId } from "preact/hooks";
import { html } from "../html.js";
import { reader, signInAddress } from "../place.js";
import { t } from "../words.js";

/**
 * A section with the heading `title` and, beside it, `tools`. Where `load` (a Load) is given, the children appear once
 * it has a value; until then, how it stands: loading, failed (with "Try again"), not permitted (`who`, where given,
 * says who may). `empty(value)` true: `emptyText` instead, and `nextStep` below it. `id` and `class` are the section's.
 */
export function Panel({ title, load, empty, emptyText, nextStep, tools, who, id, class: kind = "", children }) {
  const heading = useId();
  return html`<section class=${`panel ${kind}`} id=${id} aria-labelledby=${heading} aria-busy=${load?.state.value.kind === "loading"}>
    <header><h2 id=${heading}>${title}</h2>${tools && html`<div class="tools">${tools}</div>`}</header>
    <${Content} ...${{ load, empty, emptyText, nextStep, who }}>${children}<//>
  </section>`;
}

function Content({ load, empty, emptyText, nextStep, who, children }) {
  const state = load?.state.value;
  if (state?.kind === "forbidden") return html`<${Forbidden} who=${who} />`;
  if (state?.kind === "failed") {
    return html`<div class="note" role="alert">
      <p>${t("This could not be loaded.")} ${state.detail}</p>
      <button type="button" class="quiet" onClick=${() => load.run()}>${t("Try again")}</button>
    </div>${state.value !== undefined && children}`;
  }
  if (state && state.value === undefined) return html`<p class="note" role="status">${t("Loading …")}</p>`;
  if (empty?.(state?.value)) return html`<div class="note empty"><p>${emptyText ?? t("There is nothing here yet.")}</p>${nextStep}</div>`;
  return children;
}

/** What is said where the reader may not look; `who` says who may. */
export function Forbidden({ who }) {
  const { name, role } = reader.value;
  if (role === "guest") {
    return html`<div class="note forbidden">
      <p>${t("You are a guest, without an account, and may not see this.")} ${who}</p>
      <p><a href=${signInAddress().href}>${t("Sign in")}</a></p>
    </div>`;
  }
  return html`<div class="note forbidden">
    <p>${t("You are %(name)s (%(role)s), and may not see this.", { name, role })} ${who}</p>
    <p>${t("An admin can give you another role, on the page Settings.")}</p>
  </div>`;
}
