// What the list is narrowed to.

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { number, t, tn } from "../words.js";
import { own, team } from "./levers.js";
import { statusWord } from "./words.js";

/** Milliseconds after the last key in which a search is not yet meant. */
const PAUSE = 300;

export function Filters({ desk }) {
  const { status, who, since } = desk.filter.value;
  const count = desk.list.count.value;
  const people = team(desk);
  const me = own(desk);
  return html`<div class="filters">
    <${Search} desk=${desk} />
    <div class="selects">
      <${Choice} label=${t("Status")} value=${status} onChoose=${(value) => desk.choose({ status: value })}
        options=${[["", t("Any status")], ...["open", "pending", "closed"].map((each) => [each, statusWord(each)])]} />
      <${Choice} label=${t("Assignee")} value=${who} onChoose=${(value) => desk.choose({ who: value })}
        options=${[["", t("Anybody's")], ...(me === null ? [] : [["mine", t("Mine")]]), ["none", t("Not assigned")],
          ...people.filter(([id]) => id !== me).map(([id, name]) => [String(id), name]), ...unknown(who, people)]} />
      <${Choice} label=${t("Time range")} value=${since} onChoose=${(value) => desk.choose({ since: value })}
        options=${[["", t("Any time")], ["24h", t("Last 24 hours")], ["7d", t("Last 7 days")], ["30d", t("Last 30 days")]]} />
    </div>
    <p class="count">${count === null ? "" : tn("%(n)s conversation", "%(n)s conversations", count)}</p>
  </div>`;
}

/** A search begins when the reader pauses. */
function Search({ desk }) {
  const { search } = desk.filter.value;
  const [text, setText] = useState(search);
  const timer = useRef(null);
  useEffect(() => setText(search), [search]);
  const type = ({ currentTarget: { value } }) => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => desk.choose({ search: value.trim() }), PAUSE);
  };
  return html`<input type="search" id="search" aria-label=${t("Search names and messages")} placeholder=${t("Search names and messages")} value=${text} maxlength="200" onInput=${type} />`;
}

function Choice({ label, value, options, onChoose }) {
  return html`<label>${label}
    <select value=${value} onChange=${({ currentTarget }) => onChoose(currentTarget.value)}>
      ${options.map(([key, name]) => html`<option value=${key} key=${key}>${name}</option>`)}
    </select></label>`;
}

/** Somebody of whom the address of the page says the id, and nobody yet the name. */
function unknown(who, people) {
  if (who === "" || who === "none" || who === "mine" || people.some(([id]) => String(id) === who)) return [];
  return [[who, t("User %(id)s", { id: number(Number(who)) })]];
}
