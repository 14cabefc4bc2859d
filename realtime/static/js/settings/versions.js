// What the server is made of.

import { useEffect } from "preact/hooks";
import { Copy } from "../components/copy.js";
import { Panel } from "../components/panel.js";
import { html } from "../html.js";
import { t } from "../words.js";
import { about } from "./about.js";

export function Versions({ id, title }) {
  useEffect(() => void (about.state.peek().value ?? about.run()), []);
  const found = Object.entries(about.value?.versions ?? {});
  const text = found.map(([name, version]) => `${name} ${version}`).join("\n");
  return html`<${Panel} id=${id} title=${title} load=${about}>
    <dl class="facts versions">${found.map(([name, version]) => html`<div key=${name} class="fact"><dt>${name}</dt><dd>${version}</dd></div>`)}</dl>
    <div class="line whole"><code class="sr-only">${text}</code><span class="note">${t("For the report of a fault:")}</span><${Copy} text=${text} /></div>
  <//>`;
}
