// The list: only the rows that can be seen are drawn, however long it is; j, k and the arrow keys go from one to the next.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Ago } from "../components/ago.js";
import { Forbidden } from "../components/panel.js";
import { html } from "../html.js";
import { may, reads } from "../place.js";
import { rem } from "../room.js";
import { number, t, tn } from "../words.js";
import { LIMIT } from "./list.js";
import { told } from "./messages_view.js";
import { addresses } from "./route.js";
import { excerpt, senderWord, statusWord } from "./words.js";

/** Pixels of a row; css/conversation_list.css has the same in rem. */
const tall = () => 5.5 * rem.value;

/** Rows that are drawn beyond those that can be seen, and from the end at which more are asked for. */
const MARGIN = 6;

/** Milliseconds after which a page that could not be had is asked for again. */
const AFTER_REFUSAL = 5_000;

export function ListView({ desk }) {
  if (!reads("chat")) return html`<${Forbidden} who=${t("Viewers, agents and admins may read conversations.")} />`;
  const { kind, value, detail } = desk.listLoad.state.value;
  if (kind === "forbidden") return html`<${Forbidden} />`;
  if (kind === "loading" && value === undefined) return html`<p class="note" role="status">${t("Loading …")}</p>`;
  return html`${kind === "failed" && html`<p class="note" role="alert">${t("The conversations could not be loaded.")} ${detail}
      ${" "}<button type="button" class="quiet" onClick=${() => desk.listLoad.run()}>${t("Try again")}</button></p>`}
    ${value !== undefined && html`<${Rows} desk=${desk} />`}`;
}

function Rows({ desk }) {
  const { list } = desk;
  const rows = list.rows.value;
  const box = useRef(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(800);
  const [active, setActive] = useState(null);
  const wanted = useRef(null);
  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => setHeight(contentRect.height));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(top / tall()) - MARGIN);
  const last = Math.min(rows.length, Math.ceil((top + height) / tall()) + MARGIN);
  useMore(desk, last >= rows.length - MARGIN && !list.complete.value);
  useLayoutEffect(() => {
    // A row that lies far away is drawn only after the list has been scrolled there.
    const found = wanted.current !== null && box.current.querySelector(`[data-id="${wanted.current}"]`);
    if (!found) return;
    found.focus({ preventScroll: true });
    wanted.current = null;
  });
  const selected = desk.selected.value;
  const link = addresses(desk.filter.value);
  const current = rows.some(({ id }) => id === active) ? active : rows.some(({ id }) => id === selected) ? selected : rows[0]?.id;
  const go = (index) => {
    wanted.current = rows[index].id;
    setActive(rows[index].id);
    const { scrollTop, clientHeight } = box.current;
    box.current.scrollTop = Math.min(index * tall(), Math.max(scrollTop, (index + 1) * tall() - clientHeight));
  };
  const walk = (event) => {
    const index = there(event.key, rows.findIndex(({ id }) => id === current), Math.floor(height / tall()), rows.length);
    if (index === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    go(index);
  };
  const hold = () => {
    if (box.current === null) return;
    const held = box.current.scrollTop > tall() / 2 || box.current.contains(document.activeElement);
    if (list.held === held) return;
    list.held = held;
    list.draw();
  };
  const onScroll = () => {
    setTop(box.current.scrollTop);
    hold();
  };
  return html`<div class="list" data-empty=${rows.length === 0}><${Waiting} list=${list} box=${box} />
    <div class="rows" ref=${box} onScroll=${onScroll} onFocusIn=${hold} onFocusOut=${() => queueMicrotask(hold)} onKeyDown=${walk}>
      <ul role="list" aria-label=${t("Conversations")} style=${{ height: `${rows.length * tall()}px` }}>
        ${rows.slice(first, last).map((row, n) => html`<${Row} key=${row.id} desk=${desk} row=${row} href=${link(row.id)} index=${first + n} count=${list.count.value}
          current=${row.id === current} selected=${row.id === selected} onChoose=${() => setActive(row.id)} />`)}
      </ul>
    </div></div>
    <${Ending} desk=${desk} count=${rows.length} />`;
}

function Row({ desk, row, href, index, count, current, selected, onChoose }) {
  const { contact_name, last_message, unread, status, assignee_name } = row;
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button > 0) return;
    event.preventDefault();
    onChoose();
    desk.show(row.id);
  };
  const writing = desk.writers.now.value.get(row.id);
  const said = writing !== undefined ? t("%(name)s is writing …", { name: writing[0] }) : excerpt(last_message);
  return html`<li aria-setsize=${count} aria-posinset=${index + 1} style=${{ transform: `translateY(${index * tall()}px)` }}>
    <a class="conversation" data-id=${row.id} href=${href} tabindex=${current ? 0 : -1} aria-current=${selected ? "true" : undefined} onClick=${open}>
      <span class="line"><bdi class="contact">${contact_name}</bdi>
        ${unread > 0 && html`<span class="unread"><span aria-hidden="true">${number(unread)}</span><span class="sr-only">${tn("%(n)s unread message", "%(n)s unread messages", unread)}</span></span>`}</span>
      <span class="last" dir="auto">${last_message !== null && last_message.sender !== "customer" && writing === undefined && html`<span class="role">${senderWord(last_message.sender)}: </span>`}${said}</span>
      <span class="line meta"><span class="badge" data-status=${status}>${statusWord(status)}</span>
        <bdi class="assignee">${assignee_name ?? t("Not assigned")}</bdi>
        <${Ago} at=${row.last_message_at ?? row.created_at} still=${true} /></span>
    </a>
  </li>`;
}

function Waiting({ list, box }) {
  const count = list.waiting.value;
  if (count === 0) return null;
  const show = () => {
    list.catchUp();
    box.current.scrollTop = 0;
  };
  return html`<p class="waiting"><button type="button" class="small" onClick=${show}><span aria-hidden="true">↑ </span>${tn("%(n)s conversation with news", "%(n)s conversations with news", count)}</button></p>`;
}

/** What to do where there is nothing, and where there is too much. */
function Ending({ desk, count }) {
  const { status, who, since, search } = desk.filter.value;
  if (count >= LIMIT) return html`<p class="note">${t("The first %(n)s conversations. Narrow the list to see others.", { n: number(LIMIT) })}</p>`;
  if (count > 0) return null;
  if (status || who || since || search) {
    const all = () => desk.choose({ status: "", who: "", since: "", search: "" });
    return html`<div class="empty"><p>${t("No conversation fits.")}</p><button type="button" class="small" onClick=${all}>${t("Show all")}</button></div>`;
  }
  return html`<div class="empty"><p>${t("There are no conversations yet.")}</p>
    ${may("write") && html`<p>${t("Begin one yourself, or let a chat client write: a customer's first message opens one.")}</p>`}</div>`;
}

/** Ask for the next page when its place comes into view. */
function useMore(desk, near) {
  const asking = useRef(false);
  useEffect(() => {
    if (!near || asking.current || desk.list.heard.waiting) return;
    asking.current = true;
    const again = () => (asking.current = false);
    desk.askMore().then(again, (error) => {
      setTimeout(again, AFTER_REFUSAL);
      told(error);
    });
  });
}

function there(key, here, page, count) {
  const index = { ArrowDown: here + 1, j: here + 1, ArrowUp: here - 1, k: here - 1, PageDown: Math.min(here + page, count - 1), PageUp: Math.max(here - page, 0), Home: 0, End: count - 1 }[key];
  return index === undefined || index < 0 || index >= count ? null : index;
}
