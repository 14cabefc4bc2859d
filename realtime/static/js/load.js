// Something that is asked of the server, and how that stands.

import { signal, untracked } from "@preact/signals";
import { Refused } from "./place.js";

/**
 * `ask(signal)` resolves to the value, and may throw Refused; `signal` tells it when nobody wants the answer any more.
 * `state` is a signal of `{kind: "loading" | "ready" | "failed" | "forbidden", value, detail}`; `value` is that of the
 * last answer (undefined before the first), `again` says that it is being asked for anew. Where `allowed()` is false
 * nothing is asked: the state is "forbidden", without a request that could only be refused.
 */
export class Load {
  constructor(ask, allowed = () => true) {
    this.ask = ask;
    this.allowed = allowed;
    this.state = signal({ kind: "loading", value: undefined, detail: "" });
    this.running = null;
  }

  /** The value, reactive; undefined before the first. */
  get value() {
    return this.state.value.value;
  }

  /** Put another value in its place: what an event told. Nothing happens where there is none yet. */
  change(made) {
    const now = this.state.peek();
    if (now.value !== undefined) this.state.value = { ...now, value: made(now.value) };
  }

  /** Ask, or ask again: the old value stays until the new one comes; an answer that was overtaken is passed over. */
  async run() {
    this.running?.abort();
    // Whoever asks in an effect waits for the answer, and not for other rights.
    if (!untracked(this.allowed)) {
      this.running = null;
      this.state.value = { kind: "forbidden", value: undefined, detail: "" };
      return;
    }
    const mine = (this.running = new AbortController());
    const { kind, value } = this.state.peek();
    this.state.value = value !== undefined && kind === "ready" ? { kind, value, detail: "", again: true } : { kind: "loading", value, detail: "" };
    try {
      const found = await this.ask(mine.signal);
      if (mine === this.running) this.state.value = { kind: "ready", value: found, detail: "" };
    } catch (error) {
      if (mine !== this.running) return;
      if (!(error instanceof Refused)) throw error;
      const refused = error.status === 401 || error.status === 403;
      this.state.value = { kind: refused ? "forbidden" : "failed", value, detail: error.status === 0 ? "" : error.message };
    }
  }
}
