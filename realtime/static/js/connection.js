// One WebSocket with the canonical frames (`realtime.v1`), from a position on, for as long as the
// page is open: it comes back by itself, from where it was, and says at any time how it stands.

import { signal } from "@preact/signals";
import { Commands } from "./commands.js";
import { tip } from "./past.js";
import { Refused, socketAddress } from "./place.js";
import { format, parse } from "./position.js";

const SUBPROTOCOL = "realtime.v1";
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 5_000;
const TICK = 5_000;
const ANSWER_WITHIN = 5_000;
const OPEN_WITHIN = 15_000;
const STEADY_AFTER = 10_000;

// RFC 6455 codes after which the same request would only be refused again.
const FINAL = new Set([1000, 1002, 1008, 1009]);

/** The door of the support desk, which carries its own channels and takes its commands. */
export const DESK = "ws/dashboard/";

/** The door of every channel that the reader may read. */
export const SECURE = "api/v1/ws/secure";

/**
 * Listens at `door` (DESK, or SECURE) to `channels`: names that the reader may read, at least one. `state` is a signal of
 *   {kind: "connecting"}               before the first time
 *   {kind: "catching", left}           `left`: how far it is to the tip, in numbers of the log
 *   {kind: "live"}
 *   {kind: "waiting", until, since}    tries again at `until` (performance.now()), not live since the Date `since`
 *   {kind: "offline", since}           the browser has no network, and tries when it has one
 *   {kind: "stopped", code, reason, since}   the server does not want it back; `retryNow` tries all the same
 *   {kind: "signedout", since}         the server wants a credential
 *   {kind: "barred"}                   there is no channel that the reader may read, so nothing is listened to
 *
 * It begins at the tip, which it tells to `onBegin(position)`; anew when it was barred. `onEvent(event)` gets each event after that once, in
 * order, with the `epoch` of its history. `onGap({from, to, over})` is told what cannot be replayed (positions); `over`
 * when nothing more of the past will follow. After one or several of them, once all that can be replayed has been heard,
 * `onMissed({another})` is called: what a page has learned from events alone is then to be asked for anew. `another`: it
 * is another history, in which the same id may be something else.
 * `onSignal({type, channel, data})` gets passing news, which is neither kept nor made up for. `position` is how far
 * it has heard, `{epoch, seq}`; null before it began.
 */
export class Connection {
  constructor({ door = SECURE, channels, onBegin, onEvent, onGap, onMissed, onSignal }) {
    this.door = door;
    this.channels = channels;
    this.onBegin = onBegin ?? (() => {});
    this.onEvent = onEvent ?? (() => {});
    this.onGap = onGap ?? (() => {});
    this.onMissed = onMissed ?? (() => {});
    this.onSignal = onSignal ?? (() => {});
    this.commands = new Commands();
    this.state = signal({ kind: "connecting" });
    this.position = null;
    this.missed = null;
    this.socket = null;
    this.attempts = 0;
    this.opened = false;
    this.since = new Date();
    this.heartbeat = 25_000;
    this.watching = false;
  }

  /** Listen, from now on for as long as the page is open. */
  start() {
    this.watch();
    this.connect();
  }

  /** Listen to these `channels` from where it is, in place of the former ones. */
  listenTo(channels) {
    this.drop();
    this.channels = channels;
    this.start();
  }

  /** The reader does not want to wait. */
  retryNow() {
    if (this.socket === null) this.connect();
  }

  /**
   * Say `command` (an object, in the words of the door) to the server; resolves to the data of its result. Rejects with
   * Refused: by the server, with its code and nothing done; or with status 0 when the connection is not there, or went
   * before the answer came, so that nobody knows.
   */
  send(command) {
    return this.commands.send(this.opened ? this.socket : null, command);
  }

  connect() {
    this.drop();
    if (!navigator.onLine) {
      this.state.value = { kind: "offline", since: this.since };
    } else if (this.channels.length === 0) {
      this.bar();
    } else if (this.position === null) {
      this.begin();
    } else {
      this.open();
    }
  }

  async begin() {
    const begun = (this.beginning = {});
    const found = await this.askTip();
    if (found === null || begun !== this.beginning || this.position !== null) return;
    this.position = found;
    this.onBegin(found);
    this.open();
  }

  open() {
    const named = this.door === DESK ? {} : { channel: this.channels.join(",") };
    const url = socketAddress(this.door, { ...named, since: format(this.position) });
    if (this.state.value.kind !== "connecting") this.state.value = { kind: "waiting", until: 0, since: this.since };
    const socket = new WebSocket(url, SUBPROTOCOL);
    this.socket = socket;
    this.opened = false;
    this.timer = setTimeout(() => this.lost(), OPEN_WITHIN);
    socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.closed(code, reason);
    this.heardAt = performance.now();
  }

  hear(frame) {
    this.heardAt = performance.now();
    if (typeof frame.seq === "number") this.hearEvent(frame);
    else if (frame.type === "hello") this.hearHello(frame);
    else if (frame.type === "recovered") this.live(parse(frame.position));
    else if (frame.type === "gap") this.hearGap(frame);
    else if (frame.type === "result") this.hearResult(frame);
    else if ("type" in frame) this.onSignal(frame);
  }

  hearResult(frame) {
    clearTimeout(this.asking);
    this.commands.answered(frame);
  }

  hearHello({ epoch, tip, heartbeat }) {
    clearTimeout(this.timer);
    this.opened = true;
    this.openedAt = this.heardAt;
    this.tip = { epoch, seq: tip };
    this.tipText = format(this.tip);
    this.heartbeat = heartbeat || this.heartbeat;
    this.state.value = { kind: "catching", left: Math.max(0, tip - this.position.seq) };
  }

  hearEvent(event) {
    // A position is told by the client alone, so a server that was put back could repeat itself.
    if (event.seq <= this.position.seq) return;
    this.position = { epoch: this.tip.epoch, seq: event.seq };
    this.onEvent({ ...event, epoch: this.tip.epoch });
    if (this.state.value.kind === "catching") {
      this.state.value = { kind: "catching", left: Math.max(0, this.tip.seq - event.seq) };
    }
  }

  hearGap(gap) {
    const over = gap.to === this.tipText;
    const from = parse(gap.from);
    this.position = parse(gap.to);
    this.missed = { another: this.missed?.another || from.epoch !== this.position.epoch };
    this.onGap({ from, to: this.position, over });
    // Who falls behind while live is sent what follows the gap, but no further word of being live.
    if (over || this.state.value.kind === "live") this.live(this.position);
  }

  /** Everything up to `position` has been heard. */
  live(position) {
    if (position.seq > this.position.seq) this.position = position;
    const missed = this.missed;
    this.missed = null;
    if (missed !== null) this.onMissed(missed);
    this.state.value = { kind: "live" };
  }

  async closed(code, reason) {
    const opened = this.opened;
    this.drop();
    const refused = (code >= 4500 && code < 5000) || (opened && FINAL.has(code));
    // A browser does not say why an upgrade was refused, nor does a code whether another
    // credential would do; a plain request is told.
    if ((refused || !opened) && ((await this.askTip()) === null || this.socket !== null)) return;
    if (refused) this.state.value = { kind: "stopped", code, reason, since: this.since };
    else this.wait(0);
  }

  /** The tip; null when there was none to be had, and then the state says why. */
  async askTip() {
    try {
      return await tip(this.channels.join());
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (this.socket !== null) return null; // the reader did not want to wait
      if (error.status === 401) this.signedOut();
      else if (error.status === 403) this.bar();
      else this.wait(error.retryAfter);
      return null;
    }
  }

  /** The server wants a credential. */
  signedOut() {
    this.state.value = { kind: "signedout", since: this.since };
  }

  /** There is nothing that the reader may hear. Should there be one day, the page begins anew. */
  bar() {
    this.position = null;
    this.state.value = { kind: "barred" };
  }

  /** Try again after a while: twice as long each time, and never all clients at the same moment. */
  wait(least) {
    clearTimeout(this.timer);
    if (!navigator.onLine) {
      this.state.value = { kind: "offline", since: this.since };
      return;
    }
    const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.attempts);
    this.attempts += 1;
    const delay = least + longest * (0.3 + 0.7 * Math.random());
    this.state.value = { kind: "waiting", until: performance.now() + delay, since: this.since };
    this.timer = setTimeout(() => this.connect(), delay);
  }

  /** Nothing comes any more, though the socket does not say so. */
  lost() {
    this.drop();
    this.wait(0);
  }

  drop() {
    const { kind } = this.state.value;
    if (kind === "live") this.since = new Date();
    if (kind === "live" || kind === "catching") this.state.value = { kind: "waiting", until: 0, since: this.since };
    // Whoever is let in only to be sent away again must not come back at once for ever.
    if (this.opened && performance.now() - this.openedAt > STEADY_AFTER) this.attempts = 0;
    clearTimeout(this.timer);
    clearTimeout(this.asking);
    const socket = this.socket;
    if (socket === null) return;
    this.socket = null;
    this.commands.drop();
    // A dead network answers no close, so nothing is waited for.
    socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** Ask for a sign of life: whoever slept, or lost its network, may hold a socket that is long dead. */
  check() {
    const kind = this.state.value.kind;
    if (kind === "offline" || kind === "waiting" || kind === "signedout") {
      this.connect();
    } else if (this.socket?.readyState === WebSocket.OPEN) {
      clearTimeout(this.asking);
      this.asking = setTimeout(() => this.lost(), ANSWER_WITHIN);
      this.socket.send(this.door === DESK ? '{"type":"ping"}' : '{"action":"ping"}');
    }
  }

  watch() {
    if (this.watching) return;
    this.watching = true;
    let before = Date.now();
    setInterval(() => {
      const slept = Date.now() - before > 3 * TICK;
      before = Date.now();
      const silent = this.opened && performance.now() - this.heardAt > this.heartbeat;
      if (slept || (silent && this.socket)) this.check();
    }, TICK);
    addEventListener("online", () => this.check());
    addEventListener("offline", () => this.lost());
    addEventListener("pageshow", ({ persisted }) => persisted && this.check());
    document.addEventListener("visibilitychange", () => document.hidden || this.check());
  }
}
