// Where the server is, as seen from this page. Every address is relative to the page's own, so
// that the site works below any path that a proxy puts before it.

import { signal } from "@preact/signals";

const page = document.getElementById("app").dataset;

const root = new URL(page.root, document.baseURI);

/**
 * A signal of what the server says about the reader: `access` (open or closed), `name`, `role`, the words of what it
 * `may` do (read publish report write roster admin), and which of the product's own channels it `reads`.
 */
export const reader = signal({
  access: page.access,
  name: page.name,
  role: page.role,
  may: page.may.split(" "),
  reads: page.reads.split(" "),
});

/** What a command line begins with on the server's machine: `python3 run.py`, `realtime`. */
export const program = page.program;

/** Whether the reader may do `action`: one of read, publish, report, write, roster, admin. */
export function may(action) {
  return reader.value.may.includes(action);
}

/** Whether the reader may read the product's channel `name` (`general` stands for the whole sensor domain, `*` for any channel at all). */
export function reads(name) {
  return reader.value.reads.includes(name);
}

/** The absolute address of a path of ours, such as `api/v1/events`, with these query parameters (but for null and undefined ones). */
export function address(path, query = {}) {
  const url = new URL(path, root);
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== null) url.searchParams.set(name, value);
  return url;
}

/** The address of the page to sign in on, from which this page is come back to. */
export function signInAddress() {
  return address("login", { next: `/${location.href.slice(root.href.length).split("#")[0]}` });
}

/** `address` for a WebSocket. */
export function socketAddress(path, query = {}) {
  const url = address(path, query);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/**
 * What `ask` and `tell` throw. `status` is that of the answer, 0 when none came; `code` the stable one of the error
 * table; `message` the server's sentence; `errors` a Map of field → sentences; `retryAfter` is in milliseconds.
 */
export class Refused extends Error {
  constructor(status, detail, { code = "", errors = {}, retryAfter = 0 } = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.errors = new Map(Object.entries(errors));
    this.retryAfter = retryAfter;
  }
}

/** Ask the server again: it may have been started with other settings. */
export async function refreshReader() {
  const { access, name, role, may: actions, reads: channels } = await ask("api/v1/me");
  reader.value = { access, name, role, may: actions, reads: channels };
}

const PATIENCE = 10_000;

/** The JSON that a GET of `path` answers. `signal` gives it up. Throws Refused. */
export async function ask(path, query, { signal: given } = {}) {
  return (await request("GET", path, { query, given })).body;
}

/**
 * Send `body` (as JSON; none where it is undefined) and get `{status, body, seq}`: the answer's JSON, null for none, and
 * the number of the event that the write made, null for none. With `key`, the same key is answered the same and done
 * once, however often it is sent. With `type`, `body` is a text of that media type, and sent as it is. Throws Refused.
 */
export async function tell(method, path, body, { key, query, type } = {}) {
  return request(method, path, { query, body: body === undefined || type ? body : JSON.stringify(body), key, type });
}

async function request(method, path, { query, body, key, given, type = "application/json" }) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = type;
  if (key !== undefined) headers["Idempotency-Key"] = key;
  const patience = AbortSignal.timeout(PATIENCE);
  let answer;
  try {
    answer = await fetch(address(path, query), {
      method,
      headers,
      body,
      signal: given ? AbortSignal.any([given, patience]) : patience,
    });
    if (answer.ok) return { status: answer.status, body: await content(answer), seq: seqOf(answer) };
  } catch (error) {
    throw new Refused(0, String(error));
  }
  const problem = await answer.json().catch(() => ({}));
  const seconds = Number(answer.headers.get("Retry-After"));
  throw new Refused(answer.status, problem.detail ?? answer.statusText, {
    code: problem.code,
    errors: problem.errors,
    retryAfter: seconds > 0 ? seconds * 1000 : 0,
  });
}

async function content(answer) {
  const text = await answer.text();
  return text === "" ? null : JSON.parse(text);
}

function seqOf(answer) {
  const seq = answer.headers.get("Event-Seq");
  return seq === null ? null : Number(seq);
}
