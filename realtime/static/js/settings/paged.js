// A list of the server's, a page at a time.

import { signal } from "@preact/signals";
import { html } from "../html.js";
import { Load } from "../load.js";
import { ask } from "../place.js";
import { number, t } from "../words.js";

/** Rows of a page. */
const SIZE = 20;

/** The list at `path`; `query` is a signal of its filters. Its value is that of the last page that was asked for. */
export class Paged extends Load {
  constructor(path, query = {}) {
    super((given) => ask(path, { limit: SIZE, offset: this.offset.peek(), ...this.query.peek() }, { signal: given }));
    this.offset = signal(0);
    this.query = signal(query);
  }

  /** Ask for the page that begins at `offset`. */
  go(offset) {
    this.offset.value = Math.max(0, offset);
    return this.run();
  }

  /** Ask for the first page of what `query` narrows the list to. */
  narrow(query) {
    this.query.value = query;
    return this.go(0);
  }

  async run() {
    await super.run();
    // The last row of the last page has gone.
    const { kind, value } = this.state.peek();
    if (kind === "ready" && value.results.length === 0 && this.offset.peek() > 0) await this.go(this.offset.peek() - SIZE);
  }
}

/** Which rows are shown, and the way to the others. */
export function Pager({ pages, label }) {
  const { count, results } = pages.value;
  if (count <= SIZE) return null;
  const first = pages.offset.value;
  const last = first + results.length;
  return html`<nav class="pager" aria-label=${label}>
    <button type="button" class="quiet" disabled=${first === 0} onClick=${() => pages.go(first - SIZE)}>${t("Back")}</button>
    <span role="status">${t("%(first)s to %(last)s of %(count)s", { first: number(first + 1), last: number(last), count: number(count) })}</span>
    <button type="button" class="quiet" disabled=${last >= count} onClick=${() => pages.go(first + SIZE)}>${t("On")}</button>
  </nav>`;
}
