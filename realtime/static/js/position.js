// A position in the log: `epoch:seq`. The epoch names the history; a `seq` of another one means nothing.

/** `{epoch, seq}` of a position's text. */
export function parse(text) {
  const colon = text.lastIndexOf(":");
  return { epoch: text.slice(0, colon), seq: Number(text.slice(colon + 1)) };
}

/** The text of `{epoch, seq}`. */
export function format({ epoch, seq }) {
  return `${epoch}:${seq}`;
}
