// The requests of the server (OpenAPI), by subject: what each takes and answers, as code, and to be tried.

import { signal } from "@preact/signals";
import { html } from "../html.js";
import { address } from "../place.js";
import { t } from "../words.js";
import { Code, Fields, Fold, Lines, Said } from "./parts.js";
import { request } from "./samples.js";
import { kind, resolved, sendable } from "./schema.js";
import { Trying } from "./trying.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** What stands for a parameter that is needed until the reader says something else. */
const EXAMPLES = new Map(Object.entries({ name: "plaza", channel: "sensors", backup: "1", code: "…" }));

/** The ids of those that are open. */
const open = signal(new Set([location.hash.slice(1)]));

/** The operations of the document, each `{id, method, path, tag, summary, description, parameters, body, …}`. */
export function operations(root) {
  return Object.entries(root.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => method in methods).map((method) => ({ ...methods[method], id: methods[method].operationId, method: method.toUpperCase(), path, tag: methods[method].tags[0] })),
  );
}

/** Those in which all words of `search` occur. */
export function matching(all, search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(({ method, path, summary, tag }) => {
    const text = `${method} ${path} ${summary} ${tag}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** All requests that fit `search`. */
export function Requests({ root, search }) {
  const found = matching(operations(root), search);
  const tags = [...new Set(found.map(({ tag }) => tag))].sort();
  if (tags.length === 0) return html`<p class="note">${t("No request is like that.")}</p>`;
  return tags.map((tag) => html`<div key=${tag} class="subject">
    <h3 lang="en">${tag}</h3>
    ${found.filter((each) => each.tag === tag).map((each) => html`<${Operation} key=${each.id} root=${root} operation=${each} />`)}
  </div>`);
}

function Operation({ root, operation }) {
  const { id, method, path, summary } = operation;
  const head = html`<span class="method" data-method=${method}>${method}</span> <code class="path">${path}</code> <span class="about" lang="en"><${Said} text=${summary} /></span>`;
  const turn = (isOpen) => {
    const now = new Set(open.peek());
    if (now.has(id) === isOpen) return;
    if (isOpen) now.add(id);
    else now.delete(id);
    open.value = now;
  };
  return html`<${Fold} id=${id} head=${head} open=${open.value.has(id)} onOpen=${turn}>${() => html`<${Inside} root=${root} operation=${operation} />`}<//>`;
}

function Inside({ root, operation }) {
  const { description, method, path, parameters = [], responses } = operation;
  const body = bodyOf(root, operation);
  const good = Object.entries(responses).find(([status]) => /^[123]/.test(status));
  const shape = Object.values(good?.[1].content ?? {})[0]?.schema;
  const lines = parameters.map(({ name, in: place, schema, required = false, description: says = "" }) => ({ path: name, kind: `${kind(root, schema)} (${place})`, required, says }));
  const given = (name) => EXAMPLES.get(name) ?? "1";
  const needed = parameters.filter(({ in: place, required }) => place === "query" && required);
  const url = address(path.slice(1).replace(/\{(\w+)\}/g, (_, name) => given(name)), Object.fromEntries(needed.map(({ name }) => [name, given(name)])));
  return html`
    ${description && html`<p lang="en"><${Said} text=${description} /></p>`}
    ${lines.length > 0 && html`<${Lines} caption=${t("Parameters")} lines=${lines} />`}
    ${body && html`<${Fields} root=${root} schema=${body.schema} caption=${t("Body")} />`}
    ${shape && html`<${Fields} root=${root} schema=${shape} caption=${t("Answer (%(status)s)", { status: good[0] })} />`}
    <${Refusals} root=${root} responses=${responses} />
    <${Code} label=${t("Code")} samples=${request({ method, url, body: body?.example, media: body?.media })} />
    ${good?.[0] === "101" ? html`<p><a href="#sockets">${t("This is a socket: see below.")}</a></p>` : html`<${Trying} operation=${operation} body=${body} examples=${EXAMPLES} />`}
  `;
}

/** `{media, schema, example}` of what an operation takes, or undefined. */
function bodyOf(root, { requestBody }) {
  const [media, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  if (media === undefined) return undefined;
  const schema = sendable(root, content.schema);
  const example = schema.examples?.[0] ?? (media === "application/json" ? { hola: "mundo" } : "");
  return { media, schema, example };
}

function Refusals({ root, responses }) {
  const bad = Object.entries(responses).filter(([status]) => /^[45]/.test(status));
  if (bad.length === 0) return null;
  return html`<div class="refusals"><h4>${t("Refusals")}</h4><ul>
    ${bad.map(([status, answer]) => html`<li key=${status}><b>${status}</b> <span lang="en"><${Said} text=${resolved(root, answer).description} /></span></li>`)}
  </ul></div>`;
}

