// A long list of which only what is in sight is drawn; all rows have the same height.

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";

/** Rows that are drawn above and below what is in sight. */
const MARGIN = 6;

const ROLES = {
  list: { list: "list", row: "listitem", place: (index, count) => ({ "aria-posinset": index + 1, "aria-setsize": count }) },
  table: { list: "table", row: "row", place: (index) => ({ "aria-rowindex": index + 2 }) },
};

/**
 * `rows` is the whole list, `height` that of one row in pixels, `keyOf(row)` its name, `render(row, index)` its content,
 * `label` what the list is. As `role="table"` the content is of cells (role=cell), and `head` a row of column headers.
 * `onOpen(row)`: Enter on a row. Arrow keys, Page up and down, Home and End go from row to row. How tall it may be
 * says the variable `--scroller` of its style.
 */
export function Scroller({ rows, height, render, keyOf, label, role = "list", head, onOpen, class: kind = "" }) {
  const box = useRef(null);
  const [seen, setSeen] = useState({ top: 0, tall: 800 });
  const [active, setActive] = useState(0);
  useEffect(() => {
    const look = () => box.current && setSeen({ top: box.current.scrollTop, tall: box.current.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(seen.top / height) - MARGIN);
  const last = Math.min(rows.length, Math.ceil((seen.top + seen.tall) / height) + MARGIN);
  const roles = ROLES[role];
  const go = (index) => {
    const there = Math.max(0, Math.min(rows.length - 1, index));
    setActive(there);
    show(box.current, there, height);
    requestAnimationFrame(() => box.current?.querySelector(`[data-index="${there}"]`)?.focus());
  };
  const current = Math.min(active, rows.length - 1);
  // Who comes by Tab comes to a row that is there.
  const tabbed = Math.max(first, Math.min(last - 1, current));
  const keys = (event) => {
    if (event.target.dataset.index === undefined) return;
    const there = target(event.key, current, Math.floor(seen.tall / height), rows.length);
    if (there !== undefined) go(there);
    else if (event.key === "Enter" && onOpen) onOpen(rows[current]);
    else return;
    event.preventDefault();
  };
  return html`<div class=${`scroller ${kind}`} ref=${box} role=${roles.list} aria-label=${label} aria-rowcount=${role === "table" ? rows.length + 1 : undefined}
      onScroll=${(event) => setSeen({ top: event.currentTarget.scrollTop, tall: event.currentTarget.clientHeight })} onKeyDown=${keys}>
    ${head && html`<div role="row" class="head" aria-rowindex="1">${head}</div>`}
    <div role=${role === "table" ? "rowgroup" : "presentation"} style=${{ height: `${rows.length * height}px`, position: "relative" }}>
      ${rows.slice(first, last).map((row, offset) => {
        const index = first + offset;
        return html`<div key=${keyOf(row)} role=${roles.row} ...${roles.place(index, rows.length)} data-index=${index} tabindex=${index === tabbed ? 0 : -1}
          style=${{ position: "absolute", insetInline: 0, height: `${height}px`, transform: `translateY(${index * height}px)` }}
          onFocus=${() => setActive(index)}>${render(row, index)}</div>`;
      })}
    </div>
  </div>`;
}

function target(name, here, page, count) {
  return { ArrowDown: here + 1, ArrowUp: here - 1, PageDown: here + page, PageUp: here - page, Home: 0, End: count - 1 }[name];
}

function show(box, index, height) {
  const top = index * height;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + height > box.scrollTop + box.clientHeight) box.scrollTop = top + height - box.clientHeight;
}
