// What predictions foresee, as points of a chart. `valores` is any JSON; these shapes can be drawn, others are only listed.

const TIMES = ["timestamp", "t", "at", "time", "fecha"];
const VALUES = ["valor", "v", "value", "p50"];

/** Points that are drawn of all predictions together. */
const LIMIT = 1_000;

/** The points of the newest finished prediction whose `valores` is a list of `[time, value]` or `{timestamp, valor}`; [] for none. */
export function forecast(predictions) {
  const done = [...predictions.values()].filter(({ estado }) => estado === "completada").sort((one, other) => other.id - one.id);
  for (const { valores } of done) {
    const points = pointsOf(valores);
    if (points.length > 0) return points;
  }
  return [];
}

function pointsOf(valores) {
  if (!Array.isArray(valores) || valores.length > LIMIT) return [];
  const points = valores.map(pointOf);
  return points.includes(null) ? [] : points.sort((one, other) => one[0] - other[0]);
}

function pointOf(item) {
  if (item === null || typeof item !== "object") return null;
  const find = (names) => names.map((name) => item[name]).find((value) => value !== undefined);
  const [time, value] = Array.isArray(item) ? item : [find(TIMES), find(VALUES)];
  const at = typeof time === "string" ? Date.parse(time) : typeof time === "number" ? time : NaN;
  // Small numbers count steps or seconds from somewhere: nobody knows where.
  return at > 1e11 && at < 1e14 && typeof value === "number" ? [at, value] : null;
}
