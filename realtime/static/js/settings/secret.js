// A secret, or a command, to be taken away.

import { useId } from "preact/hooks";
import { Copy } from "../components/copy.js";
import { html } from "../html.js";
import { t } from "../words.js";

/** A text in one line with a button that copies it; `label` says what it is. */
export function Line({ label, text }) {
  const id = useId();
  return html`<div class="taken">
    <p id=${id}>${label}</p>
    <div class="line"><pre tabindex="0" role="group" aria-labelledby=${id}><code>${text}</code></pre><${Copy} text=${text} /></div>
  </div>`;
}

/** What is shown once: `lines` are of `[label, text]`, `note` what is to be known of them. */
export function Secret({ lines, note, close }) {
  return html`
    <p class="once">${t("This is shown once, and cannot be shown again.")} ${note}</p>
    ${lines.map(([label, text]) => html`<${Line} key=${label} label=${label} text=${text} />`)}
    <div class="actions"><button type="button" onClick=${() => close(true)}>${t("Done")}</button></div>
  `;
}
