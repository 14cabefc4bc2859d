// The conversations that the page knows: those that the filters let through, the one with the newest message first. It is
// told of answers and events and asks for nothing itself; events may come in before, while and after an answer does.

import { batch, signal } from "@preact/signals";
import { Heard } from "./heard.js";

/** Conversations that are asked for at a time. */
export const PAGE = 50;

/** Conversations that are kept; whoever wants to see further narrows the list. */
export const LIMIT = 2_000;

/** People who have conversations that are remembered, to be offered others. */
const ASSIGNEES = 500;

const EXCERPT = 160;
const HOUR = 3_600_000;

/** What is shown when nothing is chosen. `who` is "", "mine", "none" or a user's id; `since` an age such as "7d". */
export const EVERYTHING = { status: "", who: "", since: "", search: "" };

export const AGES = new Map([
  ["24h", 24 * HOUR],
  ["7d", 7 * 24 * HOUR],
  ["30d", 30 * 24 * HOUR],
]);

/**
 * `rows` is a signal of what is to be shown, `waiting` of how many changes of the order are held back, `count` of how many
 * conversations there are in all (null until it is known), `assignees` of who was seen to have some (id → name), `complete` of
 * whether there is no further page. What was heard shows after `draw`.
 */
export class ConversationList {
  constructor() {
    this.rows = signal([]);
    this.waiting = signal(0);
    this.count = signal(null);
    this.complete = signal(false);
    this.assignees = signal(new Map());
    this.me = null;
    this.held = false;
    this.heard = new Heard();
    this.forget(EVERYTHING);
  }

  /** Begin anew, with these filters. */
  forget(filter) {
    this.filter = filter;
    this.known = new Map();
    this.order = [];
    this.moved = new Set();
    this.oldest = null;
  }

  /**
   * The first page, and how many there are in all; `heard` is what was meanwhile. Returns what `hear` said of that.
   */
  fill(rows, count, heard) {
    this.forget(this.filter);
    this.order = rows.map((row) => row.id);
    for (const row of rows) this.known.set(row.id, row);
    this.counted = count;
    this.complete.value = rows.length >= count;
    this.oldest = rows.at(-1) ?? null;
    const wanted = heard.map((event) => this.take(event));
    this.draw();
    return wanted;
  }

  /** A further page; as `fill`. */
  append(rows, count, heard) {
    for (const row of rows) this.known.set(row.id, merged(this.known.get(row.id), row));
    this.counted = count;
    this.complete.value = rows.length === 0 || this.known.size >= Math.min(count, LIMIT);
    this.oldest = rows.at(-1) ?? this.oldest;
    this.order = [...new Set([...this.order, ...rows.map((row) => row.id)])];
    const wanted = heard.map((event) => this.take(event));
    this.draw();
    return wanted;
  }

  /** One conversation as the server had it. Returns its id where more was said since, so that its unread ones are unknown. */
  put(row) {
    const before = this.known.get(row.id);
    if (before === undefined && (this.filter.search !== "" || !this.passes(row) || this.beyond(row))) return null;
    if (before === undefined) this.counted += 1;
    this.known.set(row.id, merged(before, row));
    return lastId(row) < lastId(before) ? row.id : null;
  }

  /**
   * Take in an event. Returns the id of a conversation of which too little is known to say how it stands, "search" where
   * only the server can tell what is found now, or null.
   */
  hear(event) {
    this.heard.add(event);
    return this.take(event);
  }

  take(event) {
    const { type, data } = event;
    if (type.startsWith("conversation.")) return this.hearConversation(type, data);
    if (!type.startsWith("message.") || data.deleted === true) return null;
    const row = this.known.get(data.conversation_id);
    if (row === undefined) return this.filter.search === "" ? data.conversation_id : this.searchAgain(type);
    if (type === "message.created") return this.hearMessage(row, data);
    const last = row.last_message;
    if (last?.id === data.id) {
      this.known.set(row.id, {
        ...row,
        last_message: { ...last, content: (data.content ?? "").slice(0, EXCERPT), deleted_at: data.deleted_at },
      });
    }
    // How many are unread after that, only the server knows.
    return type === "message.deleted" || (data.change === "status" && data.sender === "customer") ? row.id : null;
  }

  hearConversation(type, data) {
    const row = this.known.get(data.id);
    if (row !== undefined) {
      this.known.set(row.id, merged(row, { ...row, ...data, last_message_at: later(row.last_message_at, data.last_message_at) }));
      return null;
    }
    if (this.filter.search !== "") return this.searchAgain(type);
    if (type !== "conversation.created") return data.id;
    this.put({ ...data, last_message: null, unread: 0 });
    return null;
  }

  hearMessage(row, data) {
    const last = row.last_message;
    // The answer that the row is of knew this message already.
    if (last !== null && data.id <= last.id) return null;
    const { id, sender, sender_name, message_type, created_at } = data;
    const shown = { id, sender, sender_name, message_type, created_at, deleted_at: null, content: data.content.slice(0, EXCERPT) };
    const unread = row.unread + (sender === "customer" && data.status !== "read" ? 1 : 0);
    this.known.set(row.id, { ...row, last_message: shown, last_message_at: created_at, unread });
    this.moved.add(row.id);
    return null;
  }

  /** Whether a conversation stands where the list has not got to yet: its page will bring it. */
  beyond(row) {
    return !this.complete.peek() && this.oldest !== null && newestFirst(this.oldest, row) < 0;
  }

  searchAgain(type) {
    return type === "message.created" || type === "conversation.created" ? "search" : null;
  }

  /** Whether the filters let a conversation through; what a search finds, the server alone says. */
  passes(row) {
    const { status, who, since } = this.filter;
    if (status !== "" && row.status !== status) return false;
    if (who === "none" && row.assignee !== null) return false;
    if (who === "mine" && row.assignee !== this.me) return false;
    if (who !== "" && who !== "none" && who !== "mine" && String(row.assignee) !== who) return false;
    return since === "" || Date.parse(row.created_at) >= Date.now() - AGES.get(since);
  }

  /** Show what is known. While it is held, rows stay where they are and new ones wait. */
  draw() {
    for (const row of this.known.values()) {
      if (this.passes(row)) continue;
      this.known.delete(row.id);
      this.counted -= 1;
    }
    const sorted = [...this.known.values()].sort(newestFirst);
    for (const row of sorted.splice(LIMIT)) this.known.delete(row.id);
    const shown = new Set(this.order.filter((id) => this.known.has(id)));
    if (this.held) {
      this.order = [...shown];
    } else {
      this.order = sorted.map((row) => row.id);
      this.moved.clear();
    }
    batch(() => {
      this.remember(sorted);
      this.rows.value = this.order.map((id) => this.known.get(id));
      this.waiting.value = this.held ? sorted.filter(({ id }) => !shown.has(id) || this.moved.has(id)).length : 0;
      this.count.value = Math.max(this.counted ?? 0, this.known.size);
    });
  }

  /** Tell only of who is new: what is offered is drawn anew each time. */
  remember(rows) {
    const known = this.assignees.peek();
    const added = rows.filter(({ assignee }) => assignee !== null && !known.has(assignee)).map((row) => [row.assignee, row.assignee_name]);
    if (added.length > 0) this.assignees.value = new Map([...known, ...added].slice(-ASSIGNEES));
  }

  /** Show all in its order, and hold on there. */
  catchUp() {
    const held = this.held;
    this.held = false;
    this.draw();
    this.held = held;
  }
}

function newestFirst(one, other) {
  const [a, b] = [one.last_message_at ?? one.created_at, other.last_message_at ?? other.created_at];
  if (a !== b) return a < b ? 1 : -1;
  return other.id - one.id;
}

/** Of a conversation what is newer: of its own fields, and of what was said in it. */
function merged(before, row) {
  if (before === undefined) return row;
  const fields = row.updated_at >= before.updated_at ? row : before;
  const said = lastId(row) >= lastId(before) ? row : before;
  return { ...fields, last_message: said.last_message, unread: said.unread, last_message_at: later(before.last_message_at, row.last_message_at) };
}

function lastId(row) {
  return row?.last_message?.id ?? 0;
}

function later(one, other) {
  return (one ?? "") > (other ?? "") ? one : other;
}
