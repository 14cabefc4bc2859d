// The newest events of a channel that lie before a position. The log is read forwards and numbers
// all channels together, so this looks back in steps: a short one, which is enough on a busy
// channel, then longer ones.

import { ask } from "./place.js";
import { format } from "./position.js";

const STEPS = [150, 600, 1_000, 1_000, 1_000, 1_000];

/** What one answer may hold; no step is longer, so no answer is cut short by it. */
const LIMIT = 1_000;

/** `{epoch, seq}` of the newest event. Throws Refused. */
export async function tip(channel) {
  const { epoch, tip: seq } = await ask("api/v1/events", { channel, since: "now", limit: 1 });
  return { epoch, seq };
}

/**
 * Up to `wanted` events of `channel` and, where it is given, of `type` (canonical, each with its `epoch`), oldest first, none past
 * `position`; fewer where the log has no more within reach. Throws Refused.
 */
export async function past(channel, position, wanted, type) {
  let found = [];
  let upto = position.seq;
  for (const step of STEPS) {
    if (upto === 0 || found.length >= wanted) break;
    const after = Math.max(0, upto - step);
    const { events, oldest } = await stretch({ channel, type }, { epoch: position.epoch, seq: after }, upto);
    found = [...events, ...found];
    upto = oldest > after ? 0 : after;
  }
  return found.slice(-wanted);
}

/** All events that `wanted` (`{channel, type}`) selects after `after` and up to `upto`, and the oldest `seq` that the log still has. */
async function stretch(wanted, after, upto) {
  const events = [];
  let since = format(after);
  let oldest = 0;
  for (;;) {
    let page;
    try {
      page = await ask("api/v1/events", { ...wanted, since, limit: LIMIT });
    } catch (error) {
      if (error.status !== 410 || oldest) throw error;
      // Retention was here: begin at the oldest that is kept.
      page = await ask("api/v1/events", { ...wanted, limit: LIMIT });
    }
    oldest = page.oldest;
    for (const event of page.results) {
      if (event.seq > upto) return { events, oldest };
      events.push({ ...event, epoch: page.epoch });
    }
    if (!page.more) return { events, oldest };
    since = page.next;
    if (Number(since.slice(since.lastIndexOf(":") + 1)) >= upto) return { events, oldest };
  }
}
