// The whole database in a file: made while the server goes on, taken away, deleted.

import { computed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Ago } from "../components/ago.js";
import { confirmed } from "../components/dialog.js";
import { Panel } from "../components/panel.js";
import { toast } from "../components/toasts.js";
import { html } from "../html.js";
import { address, program, tell } from "../place.js";
import { t } from "../words.js";
import { attempt } from "./doing.js";
import { onAudit } from "./news.js";
import { Paged, Pager } from "./paged.js";
import { Line } from "./secret.js";
import { size } from "./sizes.js";
import { valueOf } from "./table.js";

const PATH = "api/v1/backups/";

/** Milliseconds between two looks at how far it is. */
const LOOK_EVERY = 500;

const backups = new Paged(PATH, { ordering: "-id" });
const running = computed(() => backups.value?.results.find(({ state }) => state === "running"));

onAudit(["backup_"], () => backups.run());

export function Backups({ id, title }) {
  useEffect(() => void backups.run(), []);
  useEffect(watch, [running.value?.id]);
  const tools = !running.value && html`<button type="button" class="quiet" onClick=${begin}>${t("Back up now")}</button>`;
  return html`<${Panel} id=${id} title=${title} load=${backups} tools=${tools} empty=${({ count }) => count === 0}
      emptyText=${t("There is no backup yet. The server goes on while one is made.")} nextStep=${html`<${Restoring} />`}>
    <ul class="rows" role="list">${backups.value?.results.map((backup) => html`<${Row} key=${backup.id} backup=${backup} />`)}</ul>
    ${backups.value && html`<${Pager} pages=${backups} label=${t("Pages of backups")} />`}
    <${Restoring} />
  <//>`;
}

/** Look how far it is, for as long as one is being made; say how it ended. */
function watch() {
  const mine = running.peek();
  if (mine === undefined) return undefined;
  let timer = setTimeout(async function look() {
    await backups.run();
    const now = backups.state.peek().value?.results.find(({ id }) => id === mine.id);
    if (now?.state === "running") timer = setTimeout(look, LOOK_EVERY);
    else if (now?.state === "done") toast(t("The backup is done: %(size)s", { size: size(now.size) }));
    else if (now?.state === "failed") toast(t("The backup failed: %(why)s", { why: now.error.message }), { kind: "error", seconds: 12 });
  }, LOOK_EVERY);
  return () => clearTimeout(timer);
}

async function begin() {
  await attempt(() => tell("POST", PATH));
  backups.go(0);
}

function Row({ backup }) {
  const { id, state, error, size: bytes, position, sha256 } = backup;
  return html`<li data-backup=${id} data-state=${state}>
    <div class="what">
      <p class="name"><${Ago} at=${backup.created_at} /> ${state === "failed" && html`<span class="badge bad">${t("failed")}</span>`}</p>
      ${state === "running" && html`<${Progress} backup=${backup} />`}
      ${state === "done" && html`<p class="note">${size(bytes)} · ${t("up to %(position)s", { position })} · <span class="digest" title=${`SHA-256 ${sha256}`}>${sha256.slice(0, 12)}…</span></p>`}
      ${state === "failed" && html`<p class="note">${error?.message}</p>`}
    </div>
    <div class="levers">
      ${state === "done" && html`<a role="button" class="quiet" href=${address(`${PATH}${id}/file`).href} download aria-label=${t("Download the backup %(id)s", { id })}>${t("Download")}</a>`}
      <button type="button" class="quiet" aria-label=${state === "running" ? undefined : t("Delete the backup %(id)s", { id })} onClick=${() => remove(backup)}>${state === "running" ? t("Call off") : t("Delete")}</button>
    </div>
  </li>`;
}

function Progress({ backup: { written, expected } }) {
  const most = Math.max(written, expected, 1);
  return html`<p class="note">${t("Being made: %(written)s of about %(expected)s", { written: size(written), expected: size(most) })}</p>
    <progress value=${written} max=${most} aria-label=${t("How far the backup is")}></progress>`;
}

async function remove({ id, state }) {
  const sure = state === "failed" || (await confirmed(
    state === "running"
      ? { title: t("Call the backup off?"), text: t("Nothing is left of it."), action: t("Call off"), danger: true }
      : { title: t("Delete this backup?"), text: t("Its file goes from the disk of the server, for good."), action: t("Delete"), danger: true },
  ));
  if (!sure) return;
  await attempt(() => tell("DELETE", `${PATH}${id}/`), t("The backup is gone"));
  backups.run();
}

/** How one is put back. The page cannot: a server that runs has its database in hand. */
function Restoring() {
  const newest = backups.value?.results.find(({ state }) => state === "done");
  const file = newest ? `${valueOf("data") ?? "data"}/backups/realtime-${newest.id}-${newest.position.replace(":", "-")}.db` : "FILE";
  return html`<details class="restoring"><summary>${t("How to put one back")}</summary>
    <${Line} label=${t("Stop the server, then, on its machine:")} text=${`${program} restore ${file}`} />
    <p class="note">${t("The former database is kept beside it. A new history begins: clients are told so, and everybody signs in anew. What was revoked, disabled or changed since the backup is not good again.")}</p>
    <p class="note">${t("A backup holds everything, digests of passwords and tokens too. It lies on the same disk: take it elsewhere.")}</p>
  </details>`;
}
