// What is said over a socket and waits for its answer.

import { Refused } from "./place.js";
import { t } from "./words.js";

/** Commands that may wait for their answers. */
const LIMIT = 256;

export class Commands {
  constructor() {
    this.waiting = new Map();
    this.last = 0;
  }

  /** See `Connection.send`. */
  send(socket, command) {
    if (socket === null || this.waiting.size >= LIMIT) return Promise.reject(new Refused(0, t("There is no connection.")));
    const id = (this.last += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ ...command, id }));
    });
  }

  /** A `result` has come. */
  answered({ id, success, data, error }) {
    const asked = this.waiting.get(id);
    if (asked === undefined) return;
    this.waiting.delete(id);
    if (success) asked.resolve(data);
    else asked.reject(new Refused(400, error.message, { code: error.code }));
  }

  /** The socket has gone, and with it what waited. */
  drop() {
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of lost) reject(new Refused(0, t("The connection was lost before the answer came.")));
  }
}
