// What requests and sockets have in common on this page: a table of fields, JSON, code to copy.

import { signal } from "@preact/signals";
import { Copy } from "../components/copy.js";
import { html } from "../html.js";
import { t } from "../words.js";
import { members } from "./schema.js";

/** The language of code that the reader chose last. */
const chosen = signal("curl");

/** The fields of the object that `schema` describes; `caption` says of what. Nothing where it has none. */
export function Fields({ root, schema, caption }) {
  const lines = members(root, schema);
  if (lines.length === 0) return null;
  return html`<${Lines} caption=${caption} lines=${lines} />`;
}

/** A table of `{path, kind, required, says}`. */
export function Lines({ caption, lines }) {
  return html`<div class="fields"><table>
    <caption>${caption}</caption>
    <thead><tr><th scope="col">${t("Name")}</th><th scope="col">${t("Value")}</th><th scope="col">${t("Meaning")}</th></tr></thead>
    <tbody>
      ${lines.map(({ path, kind, required, says }) => html`<tr key=${path}>
        <th scope="row"><code><${Breaking} text=${path} /></code>${required ? "" : html`<span class="maybe">${t("optional")}</span>`}</th>
        <td class="kind" lang="en">${kind}</td>
        <td lang="en"><${Said} text=${says} /></td>
      </tr>`)}
    </tbody>
  </table></div>`;
}

/** A name that may go on in the next line after a dot. */
function Breaking({ text }) {
  return text.split(".").map((part, index) => (index === 0 ? part : html`.<wbr />${part}`));
}

/** A JSON value under its title. */
export function Json({ title, value }) {
  return html`<figure class="json"><figcaption>${title}</figcaption><pre><code>${JSON.stringify(value, null, 2)}</code></pre></figure>`;
}

/** The same thing in several languages (a Map of language → code): the one that was chosen last, and a button to copy it. */
export function Code({ label, samples }) {
  const languages = [...samples.keys()];
  const shown = languages.includes(chosen.value) ? chosen.value : languages[0];
  return html`<div class="code">
    <div class="languages" role="group" aria-label=${label}>
      ${languages.map((each) => html`<button key=${each} type="button" class="quiet" aria-pressed=${each === shown} onClick=${() => (chosen.value = each)}>${each}</button>`)}
    </div>
    <div class="line"><pre><code>${samples.get(shown)}</code></pre><${Copy} text=${samples.get(shown)} /></div>
  </div>`;
}

/** `<details>` whose content is made when it is first opened. `head` stands in the summary. */
export function Fold({ id, head, open, onOpen, children }) {
  return html`<details id=${id} class="fold" open=${open} onToggle=${(event) => onOpen(event.currentTarget.open)}>
    <summary>${head}</summary>
    ${open && html`<div class="inside">${children()}</div>`}
  </details>`;
}

/** English that the documents hold, with what stands between backquotes as code. */
export function Said({ text }) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? html`<code key=${index}>${part}</code>` : part));
}
