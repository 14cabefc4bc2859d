// What a driver needs around a client of the seed: it tells what the client hears on standard
// output, a JSON array a line, and does what it reads from standard input in the same form.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

export const [token, interval, more] = process.argv.slice(2);

/** The frames that the seed shows. */
export const TYPES = [
  "chat_message",
  "message_reaction",
  "message_deleted",
  "dashboard_metrics",
  "csat_update",
  "audit_log",
  "user_status",
];

/** The names that the seed's clients use for themselves. */
export const OWN = ["connected", "disconnected", "error", "reconnect_failed"];

// Standard output is for what the client hears; the seed's clients talk a lot.
console.log = console.error;

// Node has a WebSocket of its own only in its newer versions.
globalThis.WebSocket = createRequire(process.env.MODULES)("ws");

export function tell(name, data = null) {
  process.stdout.write(`${JSON.stringify([name, data])}\n`);
}

/** Tell all that a client with the seed's `on` emits. */
export function tellAll(client) {
  for (const type of TYPES) client.on(type, (data) => tell(type, data));
  for (const name of OWN) client.on(name, () => tell(name));
}

/** Call the action named by each line, with the rest of the line. */
export function obey(actions) {
  createInterface({ input: process.stdin }).on("line", (line) => {
    const [name, ...given] = JSON.parse(line);
    actions[name](...given);
  });
}
