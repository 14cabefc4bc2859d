// What the page asks of the server, one function a request. All throw Refused.

import { address, ask, reads, tell } from "../place.js";
import { newId } from "./ids.js";
import { PAGE } from "./list.js";
import { PAGE as MESSAGES } from "./thread.js";

const CONVERSATIONS = "api/v1/conversations/";

/** How many people of the team are offered to be given a conversation. */
const TEAM_LIMIT = 500;

/** A page of conversations, the one with the newest message first. */
export function list({ status, who, since, search }, me, offset, signal) {
  const query = { summary: true, ordering: "-activity", limit: PAGE, offset };
  if (status !== "") query.status = status;
  if (who === "none") query.assigned = false;
  else if (who === "mine") query.assignee = me ?? 0;
  else if (who !== "") query.assignee = who;
  if (since !== "") query.since = since;
  if (search !== "") query.search = search;
  return ask(CONVERSATIONS, query, { signal });
}

/** One conversation, as the list has it. */
export function conversation(id, signal) {
  return ask(`${CONVERSATIONS}${id}/`, { summary: true }, { signal });
}

/** A conversation, its newest messages and its ratings. */
export function thread(id, signal) {
  return Promise.all([conversation(id, signal), messages(id, { limit: MESSAGES }, signal), ratings(id, signal)]);
}

/** Messages of a conversation, newest first. */
export function messages(id, query, signal) {
  return ask(`${CONVERSATIONS}${id}/messages/`, { ordering: "-id", ...query }, { signal });
}

/** The ratings of a conversation, newest first; none for whoever may not read them. */
export async function ratings(id, signal) {
  if (!reads("csat")) return { results: [] };
  return ask(`${CONVERSATIONS}${id}/csat/`, { ordering: "-id" }, { signal });
}

/** Those to whom conversations can be given, id → name; for admins, who alone may read the list of users. */
export async function team() {
  const { results } = await ask("api/v1/users/", { active: true, limit: TEAM_LIMIT });
  return new Map(results.filter(({ role }) => role === "agent" || role === "admin").map(({ id, name }) => [id, name]));
}

/** Say it. On the connection, because a message there may have an id of ours, under which it is said once. */
export async function send(connection, { uuid, conversation, content, message_type }) {
  try {
    await connection.send({ type: "send_message", data: { id: uuid, conversation_id: conversation, content, message_type } });
  } catch (error) {
    // Without an answer it may or may not have arrived: it is sent again. What the server refused it will refuse again.
    error.final = error.status !== 0;
    throw error;
  }
}

/** Let the others know that one writes; nobody needs to know that it failed. */
export function sayTyping(connection, conversation_id, typing) {
  connection.send({ type: "typing", data: { conversation_id, typing } }).catch(() => {});
}

/** All that the customer said up to this message was read. */
export function markRead(connection, conversation_id, message_id) {
  return connection.send({ type: "mark_read", data: { conversation_id, message_id } });
}

export function create(values) {
  return tell("POST", CONVERSATIONS, values, { key: newId() });
}

/** Change the assignee or the status. */
export function change(id, values) {
  return tell("PATCH", `${CONVERSATIONS}${id}/`, values);
}

export function close(id) {
  return tell("POST", `${CONVERSATIONS}${id}/close/`);
}

export function reopen(id) {
  return tell("POST", `${CONVERSATIONS}${id}/reopen/`);
}

export function rate(id, rating, feedback) {
  return tell("POST", `${CONVERSATIONS}${id}/csat/`, { rating, feedback: feedback || null });
}

export function edit(id, content) {
  return tell("PATCH", `api/v1/messages/${id}/`, { content });
}

/** One's own reaction; the empty one takes it away. */
export function react(id, reaction) {
  return tell("POST", `api/v1/messages/${id}/reactions/`, { reaction });
}

/** Delete a message. */
export function remove(id, { leaving }) {
  const path = `api/v1/messages/${id}/`;
  // What is sent while a page goes must be allowed to outlive it.
  if (leaving) return fetch(address(path), { method: "DELETE", keepalive: true });
  return tell("DELETE", path);
}
