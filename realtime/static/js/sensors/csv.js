// Text in columns (RFC 4180), taken apart as it comes: quotes, line ends of all kinds, separators of several countries.

/** Characters of one record; a quote that is never closed would swallow the whole file. */
const RECORD_LIMIT = 64 * 1024;

const SEPARATORS = [",", ";", "\t", "|"];

/** What separates the fields of this text: whichever its first line has most of, outside quotes. */
export function separatorOf(text) {
  const line = text.replace(/^\uFEFF/, "").split(/\r?\n/, 1)[0].replace(/"[^"]*"/g, "");
  const counts = SEPARATORS.map((each) => line.split(each).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))];
}

/** Takes pieces of a text and gives its records, `{line, fields}`: `line` is where a record begins. Empty lines are none. */
export class Records {
  constructor(separator) {
    this.separator = separator;
    this.line = 1;
    this.begin = 1;
    this.fields = [];
    this.field = "";
    this.quoted = false;
    this.rest = "";
    this.first = true;
    this.length = 0;
  }

  /** The records that end in this piece. Throws Error for one that does not end. */
  *push(piece) {
    let text = this.rest + piece;
    if (this.first) text = text.replace(/^\uFEFF/, "");
    this.first = this.first && text === "";
    // The last character may be half of a pair: a doubled quote, or a line end of two.
    this.rest = text.slice(-1);
    yield* this.read(text.slice(0, -1), this.rest);
  }

  /** What is left at the end of the text. */
  *end() {
    yield* this.read(this.rest, "");
    this.rest = "";
    if (this.field !== "" || this.fields.length > 0) yield* this.record();
  }

  *read(text, after) {
    for (let place = 0; place < text.length; place += 1) {
      const char = text[place];
      const next = text[place + 1] ?? after;
      if (this.skip) {
        this.skip = false;
      } else if (char === '"' && (this.quoted || this.field === "")) {
        if (this.quoted && next === '"') {
          this.field += char;
          this.skip = true;
        } else this.quoted = !this.quoted;
      } else if (this.quoted || (char !== this.separator && char !== "\n" && char !== "\r")) {
        this.add(char);
      } else if (char === this.separator) {
        this.fields.push(this.field);
        this.field = "";
      } else {
        this.skip = char === "\r" && next === "\n";
        this.line += 1;
        yield* this.record();
      }
      if (this.quoted && char === "\n") this.line += 1;
    }
  }

  add(char) {
    this.field += char;
    this.length += 1;
    if (this.length > RECORD_LIMIT) throw new Error(String(this.begin));
  }

  *record() {
    const fields = [...this.fields, this.field];
    const line = this.begin;
    Object.assign(this, { fields: [], field: "", begin: this.line, length: 0 });
    if (fields.some((field) => field.trim() !== "")) yield { line, fields };
  }
}
