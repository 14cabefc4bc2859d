// A new token: whose, with which rights, for how long; then the token itself, once.

import { useEffect, useState } from "preact/hooks";
import { Field, Form } from "../components/field.js";
import { html } from "../html.js";
import { address, may, reader, tell } from "../place.js";
import { t } from "../words.js";
import { meaning, ROLES } from "./roles.js";
import { Secret } from "./secret.js";
import { names } from "./users.js";

const DAYS = 90;
const VERBS = ["read", "publish", "report", "write", "roster", "admin"];

// What each role may give away, as the server has it.
const BELOW = { viewer: ["viewer"], device: ["device"], agent: ["viewer", "agent", "device"], admin: ROLES };

export function NewToken({ close }) {
  const [made, setMade] = useState(null);
  if (made === null) return html`<${Wishes} onMade=${setMade} />`;
  const note = t("It is kept as a digest alone. Whoever has it is %(user)s (%(role)s) here.", made);
  return html`<${Secret} lines=${[[t("The token"), made.token], [t("To try it"), curl(made)]]} note=${note} close=${close} />`;
}

function Wishes({ onMade }) {
  const known = useNames();
  const offered = BELOW[reader.value.role] ?? [];
  const [role, setRole] = useState("");
  const send = async (values, form) => {
    const { body } = await tell("POST", "api/v1/tokens/", wanted(values, new FormData(form).getAll("verbs")));
    onMade(body);
  };
  return html`<${Form} onSubmit=${send} action=${t("Make")}>
    <${Field} label=${t("Name")} name="name" autofocus maxlength="64" autocomplete="off" hint=${t("What it is for, so that you know it again.")} />
    ${may("admin") && html`
      <${Field} label=${t("User")} name="user" maxlength="64" autocomplete="off" spellcheck="false" list="token-users" value=${reader.value.name} />
      <datalist id="token-users">${known.map((name) => html`<option key=${name} value=${name} />`)}</datalist>`}
    <${Field} label=${t("Role")} name="role" options=${[["", t("As the user")], ...offered.map((each) => [each, each])]} value=${role}
      hint=${role ? meaning(role) : t("Never more than its user may.")} onChange=${({ currentTarget }) => setRole(currentTarget.value)} />
    <${Field} label=${t("Good for so many days")} name="days" type="number" min="1" max="36500" value=${DAYS} />
    <details><summary>${t("Fewer rights")}</summary>
      <${Field} label=${t("Only these channels")} name="channels" autocomplete="off" spellcheck="false" hint=${t("Names, separated by commas; empty: all that the role reads.")} />
      <fieldset class="verbs"><legend>${t("Only to")}</legend>
        ${VERBS.map((verb) => html`<label key=${verb}><input type="checkbox" name="verbs" value=${verb} /> ${verb}</label>`)}
      </fieldset>
    </details>
  <//>`;
}

/** The body of the request that the form means. */
function wanted(values, verbs) {
  const text = (name) => (values.get(name) ?? "").trim();
  const channels = text("channels").split(",").map((each) => each.trim()).filter(Boolean);
  return {
    ...(text("name") && { name: text("name") }),
    ...(text("user") && { user: text("user") }),
    ...(text("role") && { role: text("role") }),
    ...(text("days") && { days: Number(text("days")) }),
    ...(channels.length > 0 && { channels }),
    ...(verbs.length > 0 && { verbs }),
  };
}

function useNames() {
  const [known, setKnown] = useState([]);
  useEffect(() => {
    // A name can be typed without the list, too.
    if (may("admin")) names().then(setKnown, () => {});
  }, []);
  return known;
}

/** A line for a terminal that does what this token may. */
function curl({ token, role, verbs, channels }) {
  const allowed = (verb) => verbs === null || verbs.includes(verb);
  const head = `-H "Authorization: Bearer ${token}"`;
  if (role === "device" && allowed("report")) {
    return `curl ${address("api/v1/readings/").href} -H 'Content-Type: application/json' ${head} -d '{"sensor_id":1,"valor":21.5}'`;
  }
  if (role === "device" || !allowed("read")) return `curl ${head} ${address("api/v1/me").href}`;
  return `curl -N ${head} "${address("api/v1/events/stream", { channel: channels?.join(",") || undefined }).href}"`;
}
