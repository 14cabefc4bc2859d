// What the table of connections can be sorted by. Only the order of the ids is the server's; any other is that of the page shown.

import { t } from "../words.js";

/** Each with what its heading says and the value that orders; rows without one come last. */
export const COLUMNS = new Map(
  Object.entries({
    id: { label: () => t("Number"), value: ({ id }) => id },
    user: { label: () => t("User"), value: ({ user }) => user.toLowerCase() },
    remote: { label: () => t("Address"), value: ({ remote }) => remote },
    dialect: { label: () => t("Dialect"), value: ({ dialect }) => dialect },
    channels: { label: () => t("Channels"), value: ({ channels }) => channels.join(",") },
    since: { label: () => t("Since"), value: ({ connected_at: at }) => at },
    seen: { label: () => t("Last seen"), value: ({ last_seen: at }) => at },
    lag: { label: () => t("Behind"), value: ({ lag }) => lag },
    queue: { label: () => t("Queue"), value: ({ queued_bytes: bytes }) => bytes },
    rtt: { label: () => t("Round trip"), value: ({ rtt_ms: ms }) => ms },
    client: { label: () => t("Program"), value: ({ user_agent: agent }) => agent },
    close: { label: () => t("Closed with"), value: ({ close_code: code }) => code },
  }),
);

/** The order at first: the newest above. */
export const NEWEST = { by: "id", down: true };

/** The rows in the order `{by, down}`. */
export function sorted(rows, { by, down }) {
  const { value } = COLUMNS.get(by);
  const sign = down ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === b) return other.id - one.id;
    if (a === null || b === null) return a === null ? 1 : -1;
    return sign * (a < b ? -1 : 1);
  });
}

/** The order after a press on a heading: once more turns it round. */
export function pressed(order, by) {
  if (order.by === by) return { by, down: !order.down };
  return { by, down: by === "lag" || by === "queue" || by === "rtt" || by === "id" };
}
