// What people think of a message, and one's own say in it.

import { useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { number, t, tn } from "../words.js";
import { gathered } from "./thread.js";
import { offered } from "./words.js";

/** `react(reaction)` sets one's own, or takes it away when it is empty; null where the reader may not. */
export function Reactions({ message, me, react, current, children }) {
  const [choosing, setChoosing] = useState(false);
  const opener = useRef(null);
  const chips = gathered(message.reactions, me);
  const tab = current ? 0 : -1;
  const choose = (reaction) => {
    react(reaction);
    setChoosing(false);
    opener.current?.focus();
  };
  const keys = (event) => {
    if (event.key !== "Escape" || !choosing) return;
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
    ${choosing && html`<span class="offer" role="toolbar" aria-label=${t("React")}>
      ${offered().map(([emoji, name]) => html`<button type="button" key=${emoji} class="small" aria-label=${name} title=${name} onClick=${() => choose(emoji)}>${emoji}</button>`)}
    </span>`}
  </div>`;
}

function Chip({ chip: { reaction, names, own }, tab, onClick }) {
  const shown = html`<bdi>${reaction}</bdi> <span aria-hidden="true">${number(names.length)}</span><span class="sr-only">${tn("%(n)s person", "%(n)s people", names.length)}</span>`;
  const who = names.slice(0, 20).join(", ");
  if (!onClick) return html`<span class="chip" title=${who}>${shown}</span>`;
  return html`<button type="button" class="chip" title=${who} tabindex=${tab} aria-pressed=${own} onClick=${onClick}>${shown}</button>`;
}
