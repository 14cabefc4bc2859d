// What the customer thinks of the service: asked for when a conversation is closed, one for each time that it was.

import { useState } from "preact/hooks";
import { html } from "../html.js";
import { may, Refused } from "../place.js";
import { exact } from "../times.js";
import { number, t } from "../words.js";
import * as actions from "./actions.js";

const STARS = [1, 2, 3, 4, 5];

export function Ratings({ desk, thread }) {
  const [giving, setGiving] = useState(false);
  const ratings = thread.ratings.value;
  const closed = thread.conversation.value?.status === "closed";
  if (ratings.length === 0 && !closed) return null;
  return html`<div class="ratings">
    <ul role="list" aria-label=${t("Ratings")}>${ratings.map((rating) => html`<${Rating} key=${rating.id} rating=${rating} />`)}</ul>
    ${may("write") && !giving && html`<button type="button" class="small" onClick=${() => setGiving(true)}>${t("Record a rating")}</button>`}
    ${giving && html`<${Give} desk=${desk} thread=${thread} onEnd=${() => setGiving(false)} />`}
  </div>`;
}

function Rating({ rating: { rating, feedback, asked_at, answered_at } }) {
  const at = answered_at ?? asked_at;
  if (rating === null) {
    return html`<li class="rating" title=${at && exact(new Date(at))}>${t("A rating was asked for, and has not come yet.")}</li>`;
  }
  return html`<li class="rating" title=${at && exact(new Date(at))}><span class="stars" aria-hidden="true">${"★".repeat(rating)}${"☆".repeat(5 - rating)}</span>
    <span class="sr-only">${t("%(n)s of 5", { n: number(rating) })}</span>
    ${feedback && html` <q><bdi>${feedback}</bdi></q>`}</li>`;
}

/** What the customer said of the service, where it did not come by itself. */
function Give({ desk, thread, onEnd }) {
  const [rating, setRating] = useState(null);
  const [feedback, setFeedback] = useState("");
  const [refused, setRefused] = useState("");
  const save = async (event) => {
    event.preventDefault();
    if (rating === null) {
      setRefused(t("Choose 1 to 5."));
      return;
    }
    try {
      await actions.rate(thread.id, rating, feedback);
      await desk.askRatings();
      onEnd();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefused(error.message);
    }
  };
  return html`<form class="give" onSubmit=${save}>
    <fieldset><legend>${t("Rating of this conversation")}</legend>
      ${STARS.map((n) => html`<label key=${n}><input type="radio" name="rating" value=${n} checked=${rating === n} onChange=${() => setRating(n)} />${number(n)}</label>`)}
    </fieldset>
    <label>${t("What the customer says")}<input type="text" maxlength="2000" value=${feedback} onInput=${({ currentTarget }) => setFeedback(currentTarget.value)} /></label>
    ${refused && html`<p class="refused" role="alert">${refused}</p>`}
    <button type="submit" class="small">${t("Save")}</button> <button type="button" class="small" onClick=${onEnd}>${t("Cancel")}</button>
  </form>`;
}
