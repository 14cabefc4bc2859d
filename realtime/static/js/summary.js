// What a row says of an event's data: its telling values, short. All of it becomes text nodes.

import { deed } from "./deeds.js";
import { number } from "./words.js";

/** Characters of a summary; the whole data is in the row's details. */
const LENGTH = 200;

const TELLING = {
  sensor: ["nombre", "tipo", "modelo", "unidad"],
  location: ["nombre"],
  anomaly: ["severidad", "tipo", "descripcion"],
  prediction: ["estado", "horizonte"],
  conversation: ["contact_name", "status", "assignee_name"],
  message: ["sender", "content"],
  reaction: ["username", "reaction"],
  csat: ["contact_name", "rating", "feedback"],
  user: ["username"],
};

/** A line about the data of an event (canonical form). */
export function summary({ type, data }) {
  return shorten(told(type.split(".")[0], data ?? {}));
}

function told(entity, data) {
  if (entity === "system") return String(data.message ?? "");
  if (entity === "reading") return reading(data);
  if (entity === "audit") return [deed(data.action) ?? plain(data.action), data.user?.username].filter(Boolean).join(" · ");
  const values = (TELLING[entity] ?? []).map((name) => data[name]).filter((value) => value !== null && value !== undefined && value !== "");
  if (entity === "location" && typeof data.latitud === "number" && typeof data.longitud === "number") {
    values.push(`${number(data.latitud)}, ${number(data.longitud)}`);
  }
  return values.length > 0 ? values.map(plain).join(" · ") : plain(data);
}

function reading({ valor, unidad, sensor_id: sensor }) {
  const value = [typeof valor === "number" ? number(valor) : plain(valor), unidad].filter(Boolean).join(" ");
  return sensor === undefined ? value : `${value} · sensor ${sensor}`;
}

function plain(value) {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function shorten(text) {
  const line = text.replace(/\s+/g, " ").trim();
  // By code points: half a surrogate pair would show as a box.
  const points = [...line.slice(0, 2 * LENGTH + 2)];
  return points.length > LENGTH ? `${points.slice(0, LENGTH - 1).join("")}…` : line;
}
