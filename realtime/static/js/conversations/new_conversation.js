// A conversation that the reader begins.

import { openDialog } from "../components/dialog.js";
import { Field, Form } from "../components/field.js";
import { html } from "../html.js";
import { t } from "../words.js";
import * as actions from "./actions.js";
import { own } from "./levers.js";

/** Where such a conversation comes from, as the server keeps it. */
const ORIGIN = "dashboard";

/** Ask for what it takes, make it, and open it. */
export async function begin(desk) {
  const row = await openDialog(Asked, { title: t("New conversation"), desk });
  if (row !== undefined) desk.show(row.id);
}

function Asked({ desk, close }) {
  const me = own(desk);
  const submit = async (values) => {
    const assignee = values.has("mine") ? { assignee: me } : {};
    const { body } = await actions.create({ contact_name: values.get("contact_name"), origin_channel: ORIGIN, ...assignee });
    close(body);
  };
  return html`<${Form} onSubmit=${submit} action=${t("Create")}>
    <${Field} label=${t("Name of the contact")} name="contact_name" required maxlength="200" autocomplete="off" autofocus />
    ${me !== null && html`<label><input type="checkbox" name="mine" defaultChecked />${t("Assign to me")}</label>`}
  <//>`;
}
