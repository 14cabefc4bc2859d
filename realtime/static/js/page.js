// What every page does: draw the shell around its content, connect, and tell in its title when it is not live.

import { effect } from "@preact/signals";
import { render } from "preact";
import { Shell } from "./components/shell.js";
import { toast } from "./components/toasts.js";
import { Connection } from "./connection.js";
import { html } from "./html.js";
import { keepFocus } from "./keeper.js";
import { reader, refreshReader } from "./place.js";
import { t } from "./words.js";

/** Milliseconds between two questions of a page that may hear nothing. */
const BARRED_ASKS = 15_000;

/** Those of `names` that the reader may read; channels of the users' own are the server's to judge. */
export function readable(names) {
  const { reads: known } = reader.value;
  return names.filter((name) => !OWN.includes(name) || known.includes(name));
}

const OWN = ["general", "sensors", "readings", "locations", "anomalies", "predictions", "chat", "csat", "audit", "users", "*"];

/**
 * Open the page: `name` is its own in PAGES, `title` its heading, `Main` the component of its content, which gets
 * `{connection}`. `listen` is what `Connection` takes; of its channels those are asked for that the reader may read.
 * Returns the connection, which begins after the first drawing.
 */
export function openPage({ name, title, Main, listen }) {
  const connection = new Connection({
    ...listen,
    channels: readable(listen.channels),
    onMissed(missed) {
      toast(missed.another ? t("The server began a new history, so the page was loaded anew.") : t("Some events can no longer be replayed, so the page was loaded anew."), { kind: "warning" });
      listen.onMissed?.(missed);
    },
    onSignal(news) {
      // What an admin says to this one connection.
      if (news.type === "system_event") toast(String(news.message), { kind: news.level });
      listen.onSignal?.(news);
    },
  });
  const app = document.getElementById("app");
  app.replaceChildren();
  render(html`<${Shell} name=${name} title=${title} connection=${connection}><${Main} connection=${connection} /><//>`, app);
  warnInTitle(connection);
  keepFocus();
  effect(() => {
    if (["live", "barred"].includes(connection.state.value.kind)) meet(connection);
  });
  effect(() => {
    // Other rights, other channels: who signs in elsewhere, or gets another role, hears accordingly.
    const wanted = readable(listen.channels);
    if (wanted.join() !== connection.channels.join()) connection.listenTo(wanted);
  });
  connection.start();
  askWhileBarred(connection);
  return connection;
}

/** Who the reader is now. Where that fails the connection does too, and asks again when it is back; but where there is none. */
async function meet(connection) {
  try {
    await refreshReader();
  } catch (error) {
    if (error.status === 401 && connection.state.peek().kind === "barred") connection.signedOut();
  }
}

/** Who may hear nothing is not told of another role either, so the page asks now and then, and when it is looked at. */
function askWhileBarred(connection) {
  const look = async () => {
    if (document.hidden || connection.state.peek().kind !== "barred") return;
    const before = JSON.stringify(reader.peek());
    await meet(connection);
    // Where the channels are others by that, it listens already.
    if (connection.state.peek().kind === "barred" && JSON.stringify(reader.peek()) !== before) connection.retryNow();
  };
  setInterval(look, BARRED_ASKS);
  document.addEventListener("visibilitychange", look);
}

function warnInTitle(connection) {
  const title = document.title;
  effect(() => {
    const { kind } = connection.state.value;
    document.title = ["live", "connecting", "catching", "barred"].includes(kind) ? title : `⚠ ${title}`;
  });
}
