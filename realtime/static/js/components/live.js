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
  return html`<div class="live">
    <${Waiting} hold=${hold} onShow=${show} />
    <ol role="list" ref=${box} tabindex="0" aria-label=${label} onScroll=${({ currentTarget }) => (hold.away.value = currentTarget.scrollTop > 4)}
      onFocusIn=${() => (hold.inside.value = true)} onFocusOut=${() => (hold.inside.value = false)}>
      ${hold.shown.value.map((entry) => html`<${Item} key=${`${entry.key} ${entry.rank[1]}`} entry=${entry} render=${render} />`)}
    </ol>
  </div>`;
}

/** What is fresh is marked when it is first shown, and not again. */
function Item({ entry, render }) {
  const fresh = useMemo(() => {
    const first = entry.fresh && !marked.has(entry);
    marked.add(entry);
    return first;
  }, [entry]);
  return html`<li class=${fresh ? "fresh" : ""} data-key=${entry.key}>${render(entry.row)}</li>`;
}
