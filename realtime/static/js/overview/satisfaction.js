// How often each rating was given. A table whose bars say the same as its numbers.

import { html } from "../html.js";
import { number, percent, t, tn } from "../words.js";

const RATINGS = [5, 4, 3, 2, 1];

/** `distribution` maps 1 to 5 to how often. */
export function Satisfaction({ distribution }) {
  const all = RATINGS.reduce((sum, rating) => sum + distribution[rating], 0);
  if (all === 0) return html`<p class="note">${t("Nobody has rated a conversation in this time.")}</p>`;
  const most = Math.max(...RATINGS.map((rating) => distribution[rating]));
  return html`<table class="ratings">
    <caption class="sr-only">${t("How often each rating was given")}</caption>
    <thead class="sr-only"><tr><th scope="col">${t("Rating")}</th><th scope="col">${t("How often")}</th><th scope="col">${t("Share")}</th></tr></thead>
    <tbody>
      ${RATINGS.map((rating) => html`<tr key=${rating} data-rating=${rating}>
        <th scope="row"><${Stars} rating=${rating} /></th>
        <td class="bar-cell"><span class="bar-line" style=${{ width: `${(100 * distribution[rating]) / most}%` }}></span><span class="count">${number(distribution[rating])}</span></td>
        <td class="share">${percent(distribution[rating] / all)}</td>
      </tr>`)}
    </tbody>
  </table>`;
}

/** A rating as stars, and in words for who does not see them. */
export function Stars({ rating }) {
  return html`<span class="stars" data-rating=${rating} role="img" aria-label=${tn("%(n)s star of 5", "%(n)s stars of 5", rating)}>${"★".repeat(rating)}<span class="off">${"★".repeat(5 - rating)}</span></span>`;
}
