// A short live list in a card: newest first, with its own scrolling, held while somebody reads in it.

import { useMemo, useRef } from "preact/hooks";
import { html } from "../html.js";
import { Waiting } from "./waiting.js";

const marked = new WeakSet();

/** `latest` is a Latest, `render(row)` the content of one of its rows, `label` what the list is. */
export function Live({ latest, render, label }) {
  const box = useRef(null);
  const { hold } = latest;
  const show = () => {
    hold.away.value = false;
    hold.catchUp();
    box.current.scrollTop = 0;
  };
  return html`<div class="live" ...${hold.focus}>
    <${Waiting} hold=${hold} onShow=${show} />
    <ol role="list" ref=${box} tabindex="0" aria-label=${label} onKeyDown=${walk} onScroll=${({ currentTarget }) => (hold.away.value = currentTarget.scrollTop > 4)}>
      ${hold.shown.value.map((entry) => html`<${Item} key=${`${entry.key} ${entry.rank[1]}`} entry=${entry} render=${render} />`)}
    </ol>
  </div>`;
}

/** Arrow keys, Home and End go from row to row; the row that has the focus shows its exact time. */
function walk(event) {
  const rows = [...event.currentTarget.children];
  const here = rows.indexOf(event.target);
  const there = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (rows[there] === undefined) return;
  event.preventDefault();
  rows[there].focus();
}

/** What is fresh is marked when it is first shown, and not again. */
function Item({ entry, render }) {
  const fresh = useMemo(() => {
    const first = entry.fresh && !marked.has(entry);
    marked.add(entry);
    return first;
  }, [entry]);
  return html`<li class=${fresh ? "fresh" : ""} tabindex="-1" data-key=${entry.key}>${render(entry.row)}</li>`;
}
