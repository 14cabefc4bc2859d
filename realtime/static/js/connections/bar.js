// A number with a bar that makes it comparable at a glance.

import { html } from "../html.js";

/**
 * `value` of `most` as a bar beside `text`; `level` is "good", "warn" or "bad". The bar grows with the root of the
 * value, so that a little can still be seen beside very much.
 */
export function Bar({ value, most, text, level }) {
  const part = value > 0 && most > 0 ? Math.min(1, Math.sqrt(value / most)) : 0;
  return html`<span class="measure" data-level=${level}>
    <span class="figure">${text}</span>
    <span class="track" aria-hidden="true"><span class="fill" style=${{ width: `${Math.round(part * 100)}%` }}></span></span>
  </span>`;
}
