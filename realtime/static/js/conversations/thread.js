// One conversation and what is said in it, in the order in which it was said. Told of answers and events; asks for nothing.

import { batch, signal } from "@preact/signals";
import { Heard } from "./heard.js";

/** Messages that are asked for at a time. */
export const PAGE = 50;

/** Messages that are kept. Whoever goes further back leaves the end behind. */
export const LIMIT = 500;

/**
 * Signals: `conversation` (null until it is known), `messages` (oldest first, each with its `reactions`), `ratings` (oldest
 * first), `more` (whether there are older messages), `away` (whether newer ones were left behind), `missed` (how many came
 * meanwhile). What was heard shows after `draw`.
 */
export class Thread {
  constructor(id) {
    this.id = id;
    this.conversation = signal(null);
    this.messages = signal([]);
    this.ratings = signal([]);
    this.more = signal(false);
    this.away = signal(false);
    this.missed = signal(0);
    this.known = new Map();
    this.changed = false;
    this.heard = new Heard();
  }

  /** The conversation, the newest messages and whether there are older ones, its ratings, and what was heard meanwhile. */
  fill(conversation, messages, more, ratings, heard) {
    this.known = new Map(messages.map((message) => [message.id, message]));
    batch(() => {
      this.conversation.value = conversation;
      this.ratings.value = ratings;
      this.more.value = more;
      this.away.value = false;
      this.missed.value = 0;
      this.changed = true;
      for (const event of heard) this.take(event);
      this.draw();
    });
  }

  /** Older messages, whether there are still older ones, and what was heard meanwhile. */
  prepend(messages, more, heard) {
    for (const message of messages) if (!this.known.has(message.id)) this.known.set(message.id, message);
    for (const event of heard) if (event.type !== "message.created") this.take(event);
    const ids = [...this.known.keys()].sort((one, other) => one - other);
    const left = ids.slice(LIMIT);
    for (const id of left) this.known.delete(id);
    this.changed = true;
    batch(() => {
      this.more.value = more;
      if (left.length > 0) this.away.value = true;
      this.draw();
    });
  }

  /** The ratings as the server has them. */
  rate(ratings) {
    this.ratings.value = ratings;
  }

  /** Take in an event; those of other conversations are passed over. Returns whether it was of this one. */
  hear(event) {
    const { type, data } = event;
    const of = type.startsWith("conversation.") ? data.id : data.conversation_id;
    if (of !== this.id) return false;
    this.heard.add(event);
    this.take(event);
    return true;
  }

  take({ type, data }) {
    if (type.startsWith("conversation.")) this.hearConversation(data);
    else if (type === "message.created") this.hearCreated(data);
    else if (type === "message.updated") this.change(data.id, (message) => newer(message, data));
    else if (type === "message.deleted") this.change(data.id, (message) => deleted(message, data));
    else if (type === "reaction.updated") this.change(data.message_id, (message) => reacted(message, data));
    else if (type === "csat.created") this.hearRating(data);
  }

  hearConversation(data) {
    const before = this.conversation.peek();
    if (before === null || data.updated_at >= before.updated_at) this.conversation.value = { ...before, ...data };
  }

  hearCreated(data) {
    if (data.deleted === true || this.known.has(data.id)) return;
    if (this.away.peek()) {
      this.missed.value += 1;
      return;
    }
    this.known.set(data.id, { ...data, reactions: [], fresh: true });
    this.changed = true;
    if (this.known.size > LIMIT) {
      this.known.delete(Math.min(...this.known.keys()));
      this.more.value = true;
    }
  }

  hearRating(data) {
    this.ratings.value = [...this.ratings.peek().filter((rating) => rating.id !== data.id), data].sort((one, other) => one.id - other.id);
  }

  change(id, how) {
    const message = this.known.get(id);
    if (message === undefined) return;
    this.known.set(id, how(message));
    this.changed = true;
  }

  /** Show what is known. */
  draw() {
    if (!this.changed) return;
    this.changed = false;
    this.messages.value = [...this.known.values()].sort((one, other) => one.id - other.id);
  }
}

function newer(message, data) {
  if (data.deleted === true || message.deleted_at || data.updated_at < message.updated_at) return message;
  const { content, status, edited_at, updated_at } = data;
  return { ...message, content, status, edited_at, updated_at };
}

function deleted(message, { deleted_at }) {
  return { ...message, content: "", reactions: [], deleted_at };
}

function reacted(message, { user_id, username, reaction }) {
  if (message.deleted_at || typeof reaction !== "string") return message;
  const others = message.reactions.filter((each) => each.user_id !== user_id);
  return { ...message, reactions: reaction === "" ? others : [...others, { user_id, username, reaction }] };
}

/** Reactions by what they say: `[{reaction, names, own}]`, in the order in which they came. */
export function gathered(reactions, me) {
  const found = new Map();
  for (const { reaction, username, user_id } of reactions) {
    const entry = found.get(reaction) ?? { reaction, names: [], own: false };
    entry.names.push(username);
    entry.own ||= user_id === me;
    found.set(reaction, entry);
  }
  return [...found.values()];
}
