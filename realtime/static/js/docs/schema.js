// JSON Schemas in words: what a value may be, and the members of an object as lines of a table.

const DEEPEST = 4;

/** The schema itself, where `schema` only points to one in `root`. */
export function resolved(root, schema) {
  let found = schema ?? {};
  for (let turns = 0; found.$ref !== undefined && turns < DEEPEST; turns += 1) {
    found = found.$ref.slice(2).split("/").reduce((place, part) => place?.[part], root) ?? {};
  }
  return found;
}

/** What a value of the schema may be, as short as it can be said: `integer`, `"a" | "b"`, `array of string`. */
export function kind(root, given) {
  if (given?.$ref) return given.$ref.slice(given.$ref.lastIndexOf("/") + 1);
  const schema = resolved(root, given);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  const parts = schema.oneOf ?? schema.anyOf;
  if (parts) return parts.map((each) => kind(root, each)).join(" | ");
  const types = [schema.type ?? []].flat();
  if (types.includes("array") && schema.items) return types.map((type) => (type === "array" ? `array of ${kind(root, schema.items)}` : type)).join(" | ");
  return [types.join(" | ") || (schema.properties || schema.allOf ? "object" : "any"), schema.format, limits(schema)].filter(Boolean).join(", ");
}

function limits({ minimum, maximum, maxLength }) {
  const most = maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (minimum !== undefined && most !== undefined) return `${minimum} to ${most}`;
  if (maxLength !== undefined) return `at most ${maxLength} characters`;
  return "";
}

/**
 * The members of the object that `given` describes, those inside them too: `{path, kind, required, says}` each. Where it
 * may be one of several, those of the first.
 */
export function members(root, given, path = "", depth = 0) {
  const schema = resolved(root, given);
  const all = [...(schema.allOf ?? []), ...(schema.oneOf ?? schema.anyOf ?? []).slice(0, 1)].flatMap((each) => members(root, each, path, depth));
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const place = path === "" ? name : `${path}.${name}`;
    const { description = "", items } = resolved(root, member);
    const line = { path: place, kind: kind(root, member), required: (schema.required ?? []).includes(name), says: description };
    const inner = depth < DEEPEST ? members(root, items ?? member, items ? `${place}[]` : place, depth + 1) : [];
    return [line, ...inner];
  });
  return [...all, ...own];
}

/** The schema without what only the server sets: what may be sent. */
export function sendable(root, given) {
  const schema = resolved(root, given);
  if (schema.oneOf) return sendable(root, schema.oneOf[0]);
  const taken = Object.entries(schema.properties ?? {}).filter(([, member]) => !resolved(root, member).readOnly);
  return { ...schema, properties: Object.fromEntries(taken) };
}
