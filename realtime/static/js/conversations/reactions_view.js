// What people think of a message, and one's own say in it.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { number, t, tn } from "../words.js";
import { gathered } from "./thread.js";
import { offered } from "./words.js";

/** `react(reaction)` sets one's own, or takes it away when it is empty; null where the reader may not. */
export function Reactions({ message, me, react, current, children }) {
  const [choosing, setChoosing] = useState(false);
  const opener = useRef(null);
  const offer = useRef(null);
  // It stands behind the message's other buttons, and the next key is already meant for it.
  useLayoutEffect(() => offer.current?.firstElementChild.focus(), [choosing]);
  const chips = gathered(message.reactions, me);
  const tab = current ? 0 : -1;
  const choose = (reaction) => {
    react(reaction);
    setChoosing(false);
    opener.current?.focus();
  };
  const keys = (event) => {
    if (!choosing) return;
    if (offer.current.contains(event.target)) walk(event, offer.current);
    if (event.key !== "Escape") return;
    event.stopPropagation();
    setChoosing(false);
    opener.current?.focus();
  };
  return html`<div class="reactions" onKeyDown=${keys}>
    ${chips.map((chip) => html`<${Chip} key=${chip.reaction} chip=${chip} tab=${tab} onClick=${react && (() => react(chip.own ? "" : chip.reaction))} />`)}
    <span class="tools">
      ${react && html`<button type="button" class="small" ref=${opener} tabindex=${tab} aria-expanded=${choosing} onClick=${() => setChoosing(!choosing)}>${t("React")}</button>`}
      ${children}
    </span>
    ${choosing && html`<span class="offer" role="toolbar" ref=${offer} aria-label=${t("React")}>
      ${offered().map(([emoji, name]) => html`<button type="button" key=${emoji} class="small" aria-label=${name} title=${name} onClick=${() => choose(emoji)}>${emoji}</button>`)}
    </span>`}
  </div>`;
}

/** Arrow keys, Home and End go from one reaction that is offered to another. */
function walk(event, offer) {
  const all = [...offer.children];
  const here = all.indexOf(event.target);
  const there = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[event.key];
  if (all[there] === undefined) return;
  event.preventDefault();
  all[there].focus();
}

function Chip({ chip: { reaction, names, own }, tab, onClick }) {
  const shown = html`<bdi>${reaction}</bdi> <span aria-hidden="true">${number(names.length)}</span><span class="sr-only">${tn("%(n)s person", "%(n)s people", names.length)}</span>`;
  const who = names.slice(0, 20).join(", ");
  if (!onClick) return html`<span class="chip" title=${who}>${shown}</span>`;
  return html`<button type="button" class="chip" title=${who} tabindex=${tab} aria-pressed=${own} onClick=${onClick}>${shown}</button>`;
}
