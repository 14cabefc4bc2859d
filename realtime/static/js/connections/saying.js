// Saying something to one connection, whatever it listens to: a test that frames arrive there.

import { Field, Form } from "../components/field.js";
import { toast } from "../components/toasts.js";
import { html } from "../html.js";
import { tell } from "../place.js";
import { t } from "../words.js";

const LENGTH = 500;

export function Saying({ row, close }) {
  const say = async (values) => {
    await tell("POST", `api/v1/websockets/${row.id}/messages/`, { level: values.get("level"), message: values.get("message") });
    toast(t("Sent to %(user)s, connection %(id)s.", { user: row.user, id: row.id }));
    close(true);
  };
  const levels = [["info", t("Information")], ["warning", t("Warning")], ["error", t("Error")]];
  return html`<${Form} action=${t("Send")} onSubmit=${say} extra=${html`<button type="button" class="quiet" onClick=${() => close()}>${t("Cancel")}</button>`}>
    <p><bdi>${row.user}</bdi> · ${row.dialect} · #${row.id}</p>
    <p class="note">${t("It arrives as %(frame)s, at this connection alone, and is not kept.", { frame: frameOf(row.dialect) })}</p>
    <${Field} label=${t("Level")} name="level" options=${levels} value="info" />
    <${Field} label=${t("Message")} name="message" rows="3" autofocus maxlength=${LENGTH} required />
  <//>`;
}

/** What the dialect calls it. */
function frameOf(dialect) {
  return dialect === "dashboard" || dialect === "chat" ? "system_notice" : "system_event";
}
