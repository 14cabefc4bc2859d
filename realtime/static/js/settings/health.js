// Is it alive, is it ready, and how it stands.

import { useEffect } from "preact/hooks";
import { Ago } from "../components/ago.js";
import { Panel } from "../components/panel.js";
import { Tip } from "../components/tip.js";
import { html } from "../html.js";
import { Load } from "../load.js";
import { address, ask, may, Refused } from "../place.js";
import { number, t } from "../words.js";
import { about } from "./about.js";
import { size } from "./sizes.js";

/** Milliseconds between two looks, while somebody may be looking. */
const LOOK_EVERY = 10_000;

const health = new Load(async (given) => {
  const begun = performance.now();
  await ask("healthz", {}, { signal: given });
  return { took: performance.now() - begun, ...(await readiness(given)) };
});

// A server that stops says so with 503: that is an answer, and no failure.
async function readiness(given) {
  try {
    const { version } = await ask("readyz", {}, { signal: given });
    return { ready: true, version };
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 503) throw error;
    return { ready: false, why: error.message };
  }
}

function look() {
  health.run();
  if (may("admin")) about.run();
}

export function Health({ id, title }) {
  useEffect(() => {
    look();
    const timer = setInterval(() => document.hidden || look(), LOOK_EVERY);
    return () => clearInterval(timer);
  }, []);
  const tools = may("admin") && html`<a href=${address("metrics").href}>${t("Figures for Prometheus")}</a>`;
  return html`<${Panel} id=${id} title=${title} load=${health} tools=${tools}>
    <dl class="facts">
      <${Fact} name=${t("Alive")} good=${true}>${t("yes, in %(n)s ms", { n: number(Math.round(health.value?.took ?? 0)) })}<//>
      <${Fact} name=${t("Ready")} good=${health.value?.ready}>${health.value?.ready ? t("yes") : health.value?.why}<//>
      ${may("admin") && about.value && html`<${Details} now=${about.value} />`}
    </dl>
  <//>`;
}

function Details({ now }) {
  const { disk } = now;
  return html`
    <${Fact} name=${t("Up since")}><${Ago} at=${now.started_at} /><//>
    <${Fact} name=${t("Access")}>${now.access === "open" ? t("open: whoever reaches it is a guest") : t("closed: everybody signs in")}<//>
    <${Fact} name=${html`<${Tip} label=${t("Last event")} text=${t("Its number in the log, which has no holes. The letters before it name this history.")} />`}>${now.epoch}:${now.tip}<//>
    <${Fact} name=${t("Oldest kept")}>${number(now.oldest)}<//>
    <${Fact} name=${html`<${Tip} label=${t("Damaged")} text=${t("Events, met since the start, that do not agree with their checksums. They are told as gaps; a backup has them whole.")} />`} good=${now.damaged === 0}>${number(now.damaged)}<//>
    <${Fact} name=${t("Clients")}>${number(now.clients)}<//>
    <${Fact} name=${t("Waiting writes")}>${number(now.waiting)}<//>
    <${Fact} name=${t("Database")}>${size(disk.database)}<//>
    <${Fact} name=${html`<${Tip} label=${t("Write-ahead log")} text=${t("The newest commits, not yet folded into the database.")} />`}>${size(disk.wal)}<//>
    <${Fact} name=${t("Free on the disk")}>${size(disk.free)}<//>`;
}

function Fact({ name, good, children }) {
  return html`<div class="fact"><dt>${name}</dt><dd>${good !== undefined && html`<span class="dot" data-good=${good} aria-hidden="true"></span>`}${children}</dd></div>`;
}
