// What happens while an answer is on its way: the answer may be of before or after it, so it is taken in again on top.

/** Notes of what is heard, one for each answer that is awaited. */
export class Heard {
  constructor() {
    this.notes = new Set();
  }

  /** Whether an answer is awaited. */
  get waiting() {
    return this.notes.size > 0;
  }

  /** An answer is asked for. Returns its note, to be given to `end` when it has come, or will not. */
  begin() {
    const note = [];
    this.notes.add(note);
    return note;
  }

  add(event) {
    for (const note of this.notes) note.push(event);
  }

  /** The events since `begin`. */
  end(note) {
    this.notes.delete(note);
    return note;
  }
}
