// The list of sensors as cards, of which only those in sight are drawn. It scrolls with the page, or in its own box.

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { t } from "../words.js";
import { Card } from "./card.js";
import { returned, standings } from "./state.js";

/** In rem: a card's height with the gap below it, and the least width of a card with the gap beside it. */
const TALL = 10.75;
const WIDE = 17.75;

/** Rows of cards that are drawn above and below what is in sight. */
const MARGIN = 2;

const FEW = { first: 0, last: 8, columns: 1 };

/** `rows` are the sensors to show. */
export function Grid({ rows }) {
  const grid = useRef(null);
  const [sight, setSight] = useState(FEW);
  const [active, setActive] = useState(0);
  const count = rows.length;
  useEffect(() => {
    // An element is let go before its observer is.
    const look = () => grid.current && setSight((before) => same(before, insight(grid.current)));
    const observer = new ResizeObserver(look);
    observer.observe(grid.current);
    // What comes and goes above the list moves it, which nothing else tells.
    observer.observe(document.body);
    // Whatever scrolls, page or box, is heard on its way down.
    addEventListener("scroll", look, { capture: true, passive: true });
    addEventListener("resize", look);
    look();
    return () => {
      observer.disconnect();
      removeEventListener("scroll", look, { capture: true });
      removeEventListener("resize", look);
    };
  }, []);
  const { first, last, columns } = sight;
  const drawn = rows.slice(first * columns, last * columns);
  useEffect(() => standings.see(drawn.map(({ id }) => id)), [drawn.map(({ id }) => id).join()]);
  const back = returned.value;
  useEffect(() => {
    const index = back === null ? -1 : rows.findIndex(({ id }) => id === back.id);
    if (index < 0) return;
    setActive(index);
    reveal(grid.current, index, columns);
  }, [back]);
  const lines = Math.ceil(count / columns);
  const current = Math.min(active, count - 1);
  const tabbed = Math.max(first * columns, Math.min(current, last * columns - 1, count - 1));
  const go = (event) => {
    const there = target(event.key, current, columns, count);
    if (there === undefined) return;
    event.preventDefault();
    setActive(there);
    reveal(grid.current, there, columns);
  };
  return html`<div class="grid" ref=${grid} role="list" aria-label=${t("Sensors")} onKeyDown=${go} style=${{ height: `${lines * TALL}rem` }}>
    ${drawn.map((row, offset) => {
      const index = first * columns + offset;
      return html`<div key=${row.id} role="listitem" class="cell" aria-posinset=${index + 1} aria-setsize=${count}
        style=${{ top: `${Math.floor(index / columns) * TALL}rem`, left: `${((index % columns) * 100) / columns}%`, width: `${100 / columns}%` }}>
        <${Card} row=${row} index=${index} tabbed=${index === tabbed} onFocus=${() => setActive(index)} />
      </div>`;
    })}
  </div>`;
}

/** Which rows of cards can be seen, and how many cards stand in one. */
function insight(grid) {
  const unit = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const tall = TALL * unit;
  const { top, width } = grid.getBoundingClientRect();
  const box = grid.parentElement.getBoundingClientRect();
  const above = Math.max(0, Math.max(0, box.top) - top);
  const seen = Math.max(0, Math.min(innerHeight, box.bottom) - Math.max(0, box.top));
  const columns = Math.max(1, Math.floor((width + 1) / (WIDE * unit)));
  return { first: Math.max(0, Math.floor(above / tall) - MARGIN), last: Math.ceil((above + seen) / tall) + MARGIN, columns };
}

function same(before, after) {
  return before.first === after.first && before.last === after.last && before.columns === after.columns ? before : after;
}

function target(key, here, columns, count) {
  const there = { ArrowRight: here + 1, ArrowLeft: here - 1, ArrowDown: here + columns, ArrowUp: here - columns, Home: 0, End: count - 1 }[key];
  return there === undefined || there < 0 || there >= count ? undefined : there;
}

/** Bring the card at `index` into sight and give it the focus, once it is drawn. */
function reveal(grid, index, columns) {
  const focus = () => grid.querySelector(`[data-index="${index}"]`);
  const found = focus();
  if (found) {
    found.focus();
    return;
  }
  const place = document.createElement("div");
  place.className = "cell";
  place.style.top = `${Math.floor(index / columns) * TALL}rem`;
  place.style.height = `${TALL}rem`;
  grid.append(place);
  place.scrollIntoView({ block: "nearest" });
  place.remove();
  const wait = (left) => requestAnimationFrame(() => (focus() ? focus().focus() : left > 0 && wait(left - 1)));
  wait(10);
}
