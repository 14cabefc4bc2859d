// The page of whoever looks after the server: users, tokens, backups, how it stands, what it goes by; and one's own things.

import { effect, untracked } from "@preact/signals";
import { Panel, Forbidden } from "../components/panel.js";
import { html } from "../html.js";
import { openPage } from "../page.js";
import { may, reader } from "../place.js";
import { Backups } from "../settings/backups.js";
import { Health } from "../settings/health.js";
import { audited, reloadAll } from "../settings/news.js";
import { Table } from "../settings/table.js";
import { Tokens } from "../settings/tokens.js";
import { seen, Users } from "../settings/users.js";
import { Versions } from "../settings/versions.js";
import { You } from "../settings/you.js";
import { t } from "../words.js";

/** The parts of the page: an id, a heading, and its component. */
function parts() {
  const all = [{ id: "you", title: t("You"), Part: You }];
  if (reader.value.role !== "guest") all.push({ id: "tokens", title: t("Tokens"), Part: Tokens });
  all.push({ id: "health", title: t("Health"), Part: Health });
  if (!may("admin")) return [...all, { id: "more", title: t("Users, backups, versions, settings"), Part: Barred }];
  all.splice(1, 0, { id: "users", title: t("Users"), Part: Users });
  return [
    ...all,
    { id: "backups", title: t("Backups"), Part: Backups },
    { id: "versions", title: t("Versions"), Part: Versions },
    { id: "table", title: t("Settings of the server"), Part: Table },
  ];
}

function Main() {
  const shown = parts();
  return html`<div class="settings">
    <nav aria-label=${t("Parts of this page")}>
      <ul role="list">${shown.map(({ id, title }) => html`<li key=${id}><a href=${`#${id}`}>${title}</a></li>`)}</ul>
    </nav>
    <div class="parts">${shown.map(({ id, title, Part }) => html`<${Part} key=${id} id=${id} title=${title} />`)}</div>
  </div>`;
}

function Barred({ id, title }) {
  return html`<${Panel} id=${id} title=${title}><${Forbidden} who=${t("This is for admins.")} /><//>`;
}

openPage({
  name: "settings",
  title: t("Settings"),
  Main,
  listen: {
    channels: ["audit", "users"],
    onEvent: ({ channel, data }) => (channel === "audit" ? audited(data.action) : seen(data)),
    onMissed: reloadAll,
  },
});

// Another may sign in while the page is open: tokens are then theirs, and not those of who was here before.
let known = reader.peek();
effect(() => {
  const now = reader.value;
  const same = now.name === known.name && now.role === known.role;
  known = now;
  if (!same) untracked(reloadAll);
});
