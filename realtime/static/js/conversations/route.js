// What the address of the page says: which conversation is open (`c`), and what the list is narrowed to.

import { AGES, EVERYTHING } from "./list.js";

const NAMES = { status: "status", who: "who", since: "since", search: "q" };
const STATUSES = ["", "open", "pending", "closed"];

/** `{conversation, filter}` of the page's address; what makes no sense there counts as nothing. */
export function read() {
  const query = new URLSearchParams(location.search);
  const filter = { ...EVERYTHING };
  for (const [name, parameter] of Object.entries(NAMES)) filter[name] = query.get(parameter) ?? "";
  if (!STATUSES.includes(filter.status)) filter.status = "";
  if (!AGES.has(filter.since)) filter.since = "";
  if (!/^(|mine|none|[1-9]\d{0,15})$/.test(filter.who)) filter.who = "";
  const id = query.get("c") ?? "";
  return { conversation: /^[1-9]\d{0,15}$/.test(id) ? Number(id) : null, filter };
}

/** Makes the address of any conversation under these filters. */
export function addresses(filter) {
  const all = address(null, filter);
  return (id) => `${all}${all === location.pathname ? "?" : "&"}c=${id}`;
}

/** The address of the page for a conversation (or none) and filters. */
export function address(conversation, filter) {
  const query = new URLSearchParams();
  for (const [name, parameter] of Object.entries(NAMES)) if (filter[name] !== "") query.set(parameter, filter[name]);
  if (conversation !== null) query.set("c", conversation);
  const text = query.toString();
  return text === "" ? location.pathname : `${location.pathname}?${text}`;
}
