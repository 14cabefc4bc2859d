// What was said, oldest first. It stays at its end while the reader is there, and where the reader is while they read back.

import { Component } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { may, Refused } from "../place.js";
import { toast } from "../components/toasts.js";
import { t, tn } from "../words.js";
import * as actions from "./actions.js";
import { GRACE } from "./deletions.js";
import { Message, Pending } from "./message_view.js";

/** Pixels from the end at which the reader still counts as being there. */
const NEAR = 40;

export function Messages({ desk, thread }) {
  const box = useRef(null);
  const [active, setActive] = useState(null);
  const scroll = useScroll(box, thread);
  const messages = thread.messages.value;
  const waiting = desk.outbox.entries.value.filter((entry) => entry.conversation === thread.id && !messages.some(({ uuid }) => uuid === entry.uuid));
  useEffect(() => scroll.toEnd(), [waiting.at(-1)?.uuid]);
  useMarkRead(desk, thread, scroll.below);
  const current = messages.some(({ id }) => id === active) ? active : messages.at(-1)?.id;
  const doomed = desk.deletions.waiting.value;
  const older = () => scroll.keep(() => desk.askOlder().catch(told));
  const walk = (event) => {
    const next = neighbour(event, box.current);
    if (next === null) return;
    event.preventDefault();
    setActive(Number(next.dataset.id));
    next.focus();
  };
  return html`<div class="said" ref=${box} onScroll=${scroll.onScroll}>
    ${thread.more.value && html`<p class="older"><button type="button" class="small" onClick=${older}>${t("Older messages")}</button></p>`}
    ${messages.length === 0 && waiting.length === 0 && html`<p class="note">${t("Nothing has been said yet.")}</p>`}
    <ol role="list" aria-label=${t("Messages")} onKeyDown=${walk} onFocusIn=${(event) => setActive(idOf(event.target))}>
      ${messages.map((message) => html`<${Steady} key=${message.id} desk=${desk} message=${message} me=${desk.me.value} writes=${may("write")}
        doomed=${doomed.has(message.id)} current=${message.id === current} />`)}
      ${waiting.map((entry) => html`<${Pending} key=${entry.uuid} entry=${entry}
        onRetry=${() => desk.outbox.retry(entry.uuid)} onDrop=${() => desk.outbox.remove(entry.uuid)} />`)}
    </ol>
    <${Writing} desk=${desk} thread=${thread} />
    <${Below} desk=${desk} thread=${thread} scroll=${scroll} count=${messages.length} />
  </div>`;
}

// A message that stays as it is is not looked at again when another one comes.
class Steady extends Component {
  shouldComponentUpdate(next) {
    return Object.keys(next).some((name) => next[name] !== this.props[name]);
  }

  render({ desk, message, me, doomed, current }) {
    return html`<${Message} message=${message} me=${me.user_id} does=${does(desk, message)} doomed=${doomed} current=${current} />`;
  }
}

/** What the reader may do with a message: react to any, change and delete one's own, admins all. */
function does(desk, message) {
  if (!may("write") || message.deleted_at) return {};
  const { user_id, role } = desk.me.value;
  const react = (reaction) => actions.react(message.id, reaction).catch(told);
  if (role !== "admin" && message.user_id !== user_id) return { react };
  return { react, edit: (content) => actions.edit(message.id, content), remove: () => doom(desk, message.id), keep: () => spare(desk, message.id) };
}

// What takes the saying of a deletion away, by message.
const dooms = new Map();

function doom(desk, id) {
  desk.deletions.add(id);
  const text = t("The message will be deleted in %(n)s seconds.", { n: GRACE });
  dooms.set(id, toast(text, { undo: () => (dooms.delete(id), desk.deletions.drop(id)), onEnd: () => (dooms.delete(id), desk.deletions.due(id).catch(told)), seconds: GRACE }));
}

/** The same as the button at the edge of the page, where the reader is: to that one it may be too far for five seconds. */
function spare(desk, id) {
  desk.deletions.drop(id);
  dooms.get(id)?.();
  dooms.delete(id);
}

/** A refusal is said, and nothing has changed. */
export function told(error) {
  if (!(error instanceof Refused)) throw error;
  toast(error.status === 0 ? t("The server could not be reached.") : error.message, { kind: "error" });
}

function Writing({ desk, thread }) {
  const names = desk.writers.now.value.get(thread.id) ?? [];
  const text = names.length === 0 ? "" : names.length === 1 ? t("%(name)s is writing …", { name: names[0] }) : tn("%(n)s person is writing …", "%(n)s people are writing …", names.length);
  return html`<p class="writing" role="status">${text}</p>`;
}

/** The way back to the end, with how much came meanwhile. */
function Below({ desk, thread, scroll, count }) {
  const missed = thread.away.value ? thread.missed.value : Math.max(0, count - scroll.seen);
  if (!thread.away.value && (scroll.below || missed === 0)) return null;
  const go = async () => {
    if (thread.away.peek()) await desk.threadLoad.peek().run();
    scroll.toEnd();
  };
  const text = missed > 0 ? tn("%(n)s new message", "%(n)s new messages", missed) : t("Newest messages");
  return html`<div class="below"><button type="button" class="small" onClick=${go}><span aria-hidden="true">↓ </span>${text}</button></div>`;
}

/** Where the reader is: `below` at the end, `seen` how many messages there were when they were last there. */
function useScroll(box, thread) {
  const [below, setBelow] = useState(true);
  const place = useRef({ below: true, seen: 0, kept: null });
  // The box may be gone by the time an observer or an answer comes.
  const toEnd = () => box.current?.scrollTo(0, box.current.scrollHeight);
  useLayoutEffect(() => {
    const { current } = place;
    if (current.kept !== null) {
      box.current.scrollTop = box.current.scrollHeight - current.kept;
      current.kept = null;
    } else if (current.below) {
      toEnd();
    }
    if (current.below) current.seen = thread.messages.peek().length;
  });
  useEffect(() => {
    const observer = new ResizeObserver(() => place.current.below && toEnd());
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const onScroll = ({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
    place.current.below = scrollHeight - scrollTop - clientHeight <= NEAR;
    if (place.current.below !== below) setBelow(place.current.below);
  };
  /** Do what adds messages above, and stay with the one that is being read. */
  const keep = async (work) => {
    place.current.kept = box.current.scrollHeight - box.current.scrollTop;
    place.current.below = false;
    const before = thread.messages.peek().length;
    await work();
    place.current.seen += thread.messages.peek().length - before;
  };
  return { below, seen: place.current.seen, onScroll, keep, toEnd };
}

/** What the customer said counts as read when it is on the screen of somebody who may answer. */
function useMarkRead(desk, thread, below) {
  const marked = useRef(0);
  const last = thread.messages.value.findLast((message) => message.sender === "customer" && message.status !== "read" && !message.deleted_at);
  useEffect(() => {
    const mark = () => {
      if (!may("write") || !below || document.hidden || last === undefined || last.id <= marked.current) return;
      marked.current = last.id;
      actions.markRead(desk.connection, thread.id, last.id).catch(() => (marked.current = 0));
    };
    mark();
    document.addEventListener("visibilitychange", mark);
    return () => document.removeEventListener("visibilitychange", mark);
  });
}

function idOf(element) {
  return Number(element.closest("li")?.dataset.id) || null;
}

/** The message to which an arrow key, Home or End leads; null for another key, or inside a field. */
function neighbour(event, box) {
  if (!event.target.matches("li")) return null;
  const items = [...box.querySelectorAll("li[data-id]")];
  const here = items.indexOf(event.target);
  const there = { ArrowDown: here + 1, ArrowUp: here - 1, j: here + 1, k: here - 1, Home: 0, End: items.length - 1 }[event.key];
  return there === undefined || event.ctrlKey || event.metaKey || event.altKey ? null : (items[there] ?? event.target);
}
