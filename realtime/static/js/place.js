// Where the server is, as seen from this page. Every address is relative to the page's own, so
// that the site works below any path that a proxy puts before it.

import { signal } from "@preact/signals";

const page = document.getElementById("app").dataset;

const root = new URL(page.root, document.baseURI);

/** A signal of what the server says about the reader: `access` (open or closed), `name` and `role`. */
export const reader = signal({ access: page.access, name: page.name, role: page.role });

/** The absolute address of a path of ours, such as `api/v1/events`, with these query parameters. */
export function address(path, query = {}) {
  const url = new URL(path, root);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** The same for a WebSocket. */
export function socketAddress(path, query = {}) {
  const url = address(path, query);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/** What `ask` throws: `status` is that of the answer, 0 when none came; `retryAfter` is in milliseconds. */
export class Refused extends Error {
  constructor(status, detail, retryAfter = 0) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Ask the server again: it may have been started with other settings. */
export async function refreshReader() {
  const { access, name, role } = await ask("api/v1/me");
  reader.value = { access, name, role };
}

const PATIENCE = 10_000;

/** The JSON that a GET of `path` answers. Throws Refused. */
export async function ask(path, query) {
  let answer;
  try {
    answer = await fetch(address(path, query), {
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.ok) return await answer.json();
  } catch (error) {
    throw new Refused(0, String(error));
  }
  const problem = await answer.json().catch(() => ({}));
  const seconds = Number(answer.headers.get("Retry-After"));
  throw new Refused(answer.status, problem.detail ?? answer.statusText, seconds > 0 ? seconds * 1000 : 0);
}
