// "As curl, JavaScript, Python": the programs, one at a time.

import { useState } from "preact/hooks";
import { Copy } from "../components/copy.js";
import { Panel } from "../components/panel.js";
import { html } from "../html.js";
import { program, reader } from "../place.js";
import { t } from "../words.js";
import { programs } from "./snippets.js";

export function Programs({ log }) {
  const [shown, setShown] = useState("curl");
  const all = new Map(programs(log.choice.value));
  return html`<${Panel} title=${t("The same as a program")} id="programs">
    <p class="note">${t("The channels, the type and the position that are chosen above. It goes on where it was when the connection breaks (curl does not).")}</p>
    <fieldset class="filter languages">
      <legend class="sr-only">${t("Language")}</legend>
      ${[...all.keys()].map((name) => html`<label key=${name}>
        <input type="radio" name="program" checked=${name === shown} onChange=${() => setShown(name)} /><span>${name}</span>
      </label>`)}
    </fieldset>
    <div class="line"><pre tabindex="0" role="group" aria-label=${shown} data-program=${shown}><code>${all.get(shown)}</code></pre><${Copy} text=${all.get(shown)} /></div>
    ${reader.value.access === "closed" && html`<p class="note">
      ${t("This server is closed, so the command needs a token. On its machine, this makes one:")}
      ${" "}<code>export REALTIME_TOKEN=$(${program} token create --user ana --role agent)</code>
    </p>`}
  <//>`;
}
