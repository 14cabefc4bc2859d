// A request, sent for real with the reader's own rights, and its whole answer.

import { useRef, useState } from "preact/hooks";
import { Field } from "../components/field.js";
import { html } from "../html.js";
import { address } from "../place.js";
import { t } from "../words.js";

/** How long an answer that does not end (a stream) is read, in milliseconds, and how much of one is shown. */
const PATIENCE = 3_000;
const SHOWN = 20_000;

const WRITES = ["POST", "PUT", "PATCH", "DELETE"];

/** `operation` is one of the document's; `body` `{media, example}` where it takes one; `examples` a Map of parameter → value. */
export function Trying({ operation, body, examples }) {
  const { method, path, parameters = [] } = operation;
  const form = useRef(null);
  const [answer, setAnswer] = useState(null);
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const inQuery = parameters.filter(({ in: place }) => place === "query");
  const send = async (event) => {
    event.preventDefault();
    const given = new FormData(form.current);
    setAnswer({ busy: true });
    setAnswer(await outcome(method, target(path, inPath, inQuery, given), body, given.get("=body")));
  };
  return html`<form ref=${form} class="trying" onSubmit=${send} aria-label=${t("Try it: %(what)s", { what: `${method} ${path}` })}>
    <h4>${t("Try it")}</h4>
    ${WRITES.includes(method) && html`<p class="note">${t("This is done for real, with your own rights.")}</p>`}
    <div class="given">
      ${inPath.map((name) => html`<${Field} key=${name} label=${name} name=${`/${name}`} value=${examples.get(name) ?? "1"} required />`)}
      ${inQuery.map(({ name, required }) => html`<${Field} key=${name} label=${name} name=${`?${name}`} value=${required ? examples.get(name) ?? "1" : undefined} required=${required} />`)}
    </div>
    ${body && html`<${Field} label=${t("Body")} name="=body" rows=${Math.min(12, JSON.stringify(body.example, null, 2).split("\n").length + 1)} value=${typeof body.example === "string" ? body.example : JSON.stringify(body.example, null, 2)} spellcheck="false" />`}
    <div class="actions"><button type="submit" class=${method === "DELETE" ? "danger" : undefined} aria-disabled=${answer?.busy === true}>${t("Send")}</button></div>
    <div role="status">${answer && html`<${Answer} ...${answer} />`}</div>
  </form>`;
}

function Answer({ busy, status, seq, text, ended, failed }) {
  if (busy) return html`<p>${t("Sending …")}</p>`;
  if (failed) return html`<p class="refused">${t("The server could not be reached.")} ${failed}</p>`;
  return html`<p class="came"><b data-good=${status < 400}>${status}</b> ${seq !== null && html`<span>${`Event-Seq: ${seq}`}</span>`} ${!ended && html`<span>${t("(the beginning of it)")}</span>`}</p>
    ${text !== "" && html`<pre><code>${text}</code></pre>`}`;
}

function target(path, inPath, inQuery, given) {
  const place = inPath.reduce((found, name) => found.replace(`{${name}}`, encodeURIComponent(given.get(`/${name}`))), path.slice(1));
  return address(place, Object.fromEntries(inQuery.map(({ name }) => [name, given.get(`?${name}`) || null])));
}

async function outcome(method, url, body, text) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const headers = body ? { "Content-Type": body.media } : {};
    const answer = await fetch(url, { method, headers, body: body ? text : undefined, signal: patience.signal });
    const { found, ended } = await readSome(answer);
    return { status: answer.status, seq: answer.headers.get("Event-Seq"), text: pretty(answer, found, ended), ended };
  } catch (error) {
    return { failed: String(error) };
  } finally {
    clearTimeout(timer);
    patience.abort();
  }
}

/** The text of an answer, or as much of it as comes in time and is shown. */
async function readSome(answer) {
  if (answer.body === null) return { found: "", ended: true };
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let found = "";
  try {
    while (found.length < SHOWN) {
      const { value, done } = await reader.read();
      if (done) return { found, ended: true };
      found += value;
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
  return { found: found.slice(0, SHOWN), ended: false };
}

function pretty(answer, text, ended) {
  if (!ended || !/[/+]json$/.test((answer.headers.get("Content-Type") ?? "").split(";")[0])) return text;
  return JSON.stringify(JSON.parse(text), null, 2).slice(0, SHOWN);
}
