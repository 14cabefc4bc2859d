// All that the page of conversations knows, and how it comes to know it: the list, the open conversation, what waits to be
// sent. The past by REST, what happens by one connection.

import { batch, computed, signal } from "@preact/signals";
import { Load } from "../load.js";
import { ask, may, Refused } from "../place.js";
import { t, tn } from "../words.js";
import * as actions from "./actions.js";
import { Deletions } from "./deletions.js";
import { ConversationList } from "./list.js";
import { Outbox } from "./outbox.js";
import { address, read } from "./route.js";
import { PAGE as MESSAGES, Thread } from "./thread.js";
import { OwnTyping, Writers } from "./typing.js";

const DRAW_EVERY = 100;
const FETCH_AFTER = 300;
const SEARCH_AGAIN_AFTER = 2_000;

/** Conversations that may wait to be looked up; of more, the whole list is asked for again. */
const STALE_LIMIT = 40;

/** Drafts that are kept while other conversations are open. */
const DRAFTS_LIMIT = 50;

/** Characters of a message that are said aloud when it comes. */
const SAID = 200;

export class Desk {
  constructor() {
    this.list = new ConversationList();
    this.me = signal({ user_id: null, name: "", role: "" });
    this.filter = signal(read().filter);
    this.thread = signal(null);
    this.threadLoad = signal(null);
    this.listLoad = new Load((signal) => this.askList(signal));
    this.writers = new Writers();
    this.outbox = new Outbox((entry) => actions.send(this.connection, entry));
    this.typing = new OwnTyping((conversation, typing) => actions.sayTyping(this.connection, conversation, typing));
    this.deletions = new Deletions((id, how) => actions.remove(id, how));
    this.drafts = new Map();
    this.stale = new Set();
    this.announced = signal("");
    this.selected = computed(() => this.thread.value?.id ?? null);
    this.colleagues = signal(new Map());
    this.drawing = this.fetching = this.searching = null;
    this.began = false;
    addEventListener("popstate", () => this.follow(read()));
    // What is not sent yet would be lost with the page.
    addEventListener("beforeunload", (event) => this.outbox.entries.peek().length > 0 && event.preventDefault());
  }

  /** The connection hears from now on, so what is asked for now misses nothing. */
  async begin() {
    this.began = true;
    await this.meet();
    const { conversation } = read();
    if (conversation !== null && conversation === this.selected.peek()) this.reopen();
    else if (conversation !== null) this.open(conversation);
    this.list.forget(this.filter.peek());
    this.listLoad.run();
  }

  /** Who the reader is. Where that fails nothing is one's own, and the list will say what is wrong. */
  async meet() {
    try {
      const me = await ask("api/v1/me");
      this.me.value = me;
      this.list.me = me.user_id;
      if (may("admin")) this.colleagues.value = await actions.team();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  // -- the list ------------------------------------------------------------------------

  async askList(signal) {
    const note = this.list.heard.begin();
    try {
      const { results, count } = await actions.list(this.filter.peek(), this.list.me, 0, signal);
      for (const wanted of this.list.fill(results, count, note)) this.want(wanted);
      return count;
    } finally {
      this.list.heard.end(note);
    }
  }

  async askMore() {
    const { known, me } = this.list;
    const note = this.list.heard.begin();
    try {
      const { results, count } = await actions.list(this.filter.peek(), me, known.size);
      // A list that began anew meanwhile has other pages.
      if (known !== this.list.known) return;
      for (const wanted of this.list.append(results, count, note)) this.want(wanted);
    } finally {
      this.list.heard.end(note);
    }
  }

  /** Narrow the list. */
  choose(change) {
    this.filter.value = { ...this.filter.peek(), ...change };
    history.replaceState(null, "", address(this.selected.peek(), this.filter.peek()));
    this.refilter();
  }

  async refilter() {
    const filter = this.filter.peek();
    this.list.forget(filter);
    if (!this.began) return;
    await this.listLoad.run();
    const count = this.list.count.peek();
    if (filter === this.filter.peek() && count !== null) this.announced.value = tn("%(n)s conversation", "%(n)s conversations", count);
  }

  // -- the open conversation -----------------------------------------------------------

  /** Open a conversation (null: none), as a step that the browser can take back. */
  show(id) {
    if (id === this.selected.peek()) return;
    history.pushState(null, "", address(id, this.filter.peek()));
    this.open(id);
  }

  /** The reader has gone back or on. */
  follow({ conversation, filter }) {
    if (JSON.stringify(filter) !== JSON.stringify(this.filter.peek())) {
      this.filter.value = filter;
      this.refilter();
    }
    this.open(conversation);
  }

  open(id) {
    if (id === this.selected.peek()) return;
    this.typing.stop();
    batch(() => {
      this.announced.value = "";
      this.thread.value = id === null ? null : new Thread(id);
      this.threadLoad.value = id === null ? null : this.loadOf(this.thread.peek());
    });
    this.threadLoad.peek()?.run();
  }

  loadOf(thread) {
    return new Load(async (signal) => {
      const note = thread.heard.begin();
      try {
        const [conversation, messages, ratings] = await actions.thread(thread.id, signal);
        thread.fill(conversation, messages.results, messages.next !== null, ratings.results.reverse(), note);
        return conversation.id;
      } finally {
        thread.heard.end(note);
      }
    });
  }

  /** Older messages of the open conversation. */
  async askOlder() {
    const thread = this.thread.peek();
    const first = thread.messages.peek()[0]?.id;
    if (first === undefined) return;
    const note = thread.heard.begin();
    try {
      const { results, next } = await actions.messages(thread.id, { id_after: first, limit: MESSAGES });
      thread.prepend(results, next !== null, note);
    } finally {
      thread.heard.end(note);
    }
  }

  async askRatings() {
    const thread = this.thread.peek();
    if (thread !== null) thread.rate((await actions.ratings(thread.id)).results.reverse());
  }

  /** What the reader has begun to write in a conversation. */
  draft(id) {
    return this.drafts.get(id) ?? "";
  }

  keepDraft(id, text) {
    this.drafts.delete(id);
    if (text !== "") this.drafts.set(id, text);
    if (this.drafts.size > DRAFTS_LIMIT) this.drafts.delete(this.drafts.keys().next().value);
  }

  // -- what happens --------------------------------------------------------------------

  hear(event) {
    const { type, data, channel } = event;
    if (channel !== "chat" && channel !== "csat") return;
    if (type === "message.created") {
      this.outbox.settle(data.uuid);
      this.writers.said(data);
    }
    const thread = this.thread.peek();
    if (thread?.hear(event)) this.tell(type, data);
    if (channel === "chat") this.want(this.list.hear(event));
    this.drawing ??= setTimeout(() => this.draw(), DRAW_EVERY);
  }

  hearSignal({ type, data }) {
    if (type === "typing") this.writers.hear(data);
  }

  /** Say aloud what comes into the open conversation from others; a closing asks for a rating, of which there is no event. */
  tell(type, data) {
    if (type === "message.created" && data.content && data.user_id !== this.me.peek().user_id) {
      this.announced.value = `${data.sender_name}: ${data.content.slice(0, SAID)}`;
    }
    if (type === "conversation.closed") this.askRatings().catch(() => {});
  }

  draw() {
    this.drawing = null;
    batch(() => {
      this.list.draw();
      this.thread.peek()?.draw();
    });
  }

  /** Something was missed for good: all is asked for again. `another`: in another history. */
  again({ another }) {
    if (another) {
      // The same id may be another message, another conversation, somebody else.
      this.deletions.clear();
      this.outbox.refuse(t("The server began a new history."));
      this.meet();
    }
    this.listLoad.run();
    if (this.thread.peek() === null) return;
    if (another) this.thread.peek().conversation.value = null;
    this.reopen();
  }

  /** Ask for the open conversation anew. */
  reopen() {
    this.threadLoad.value = this.loadOf(this.thread.peek());
    this.threadLoad.peek().run();
  }

  /** See what `ConversationList.hear` says. */
  want(wanted) {
    if (wanted === "search") this.searchSoon();
    else if (wanted !== null) this.lookUp(wanted);
  }

  searchSoon() {
    this.searching ??= setTimeout(() => {
      this.searching = null;
      this.listLoad.run();
    }, SEARCH_AGAIN_AFTER);
  }

  lookUp(id) {
    this.stale.add(id);
    this.fetching ??= setTimeout(() => this.fetchStale(), FETCH_AFTER);
  }

  /** What cannot be looked up now stays as it is until something happens in it again. */
  async fetch(id) {
    try {
      this.want(this.list.put(await actions.conversation(id)));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  async fetchStale() {
    const ids = [...this.stale];
    this.stale.clear();
    if (ids.length > STALE_LIMIT) await this.listLoad.run();
    else for (const id of ids) await this.fetch(id);
    this.fetching = this.stale.size > 0 ? setTimeout(() => this.fetchStale(), FETCH_AFTER) : null;
    this.draw();
  }
}
