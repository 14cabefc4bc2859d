// Forms: what the server refuses stands beside its field, and what was typed stays.

import { createContext } from "preact";
import { useContext, useId, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Refused } from "../place.js";
import { t } from "../words.js";

const Errors = createContext(new Map());

/**
 * `onSubmit(values, form)` gets a Map of name → text (FormData), and may throw Refused: its `errors` are then shown at
 * the fields of those names, its sentence above the button where not all of them have a field. `action` is the word on
 * the button; `busy` and `errors` (a Map of name → sentences) may also be given from outside; `extra` stands beside the
 * button.
 */
export function Form({ onSubmit, action, extra, busy = false, errors, class: kind, children }) {
  const [sending, setSending] = useState(false);
  const [refused, setRefused] = useState(null);
  const form = useRef(null);
  const submit = async (event) => {
    event.preventDefault();
    if (sending || busy) return;
    setSending(true);
    try {
      await onSubmit(new Map(new FormData(form.current)), form.current);
      setRefused(null);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // What stands beside its fields in full need not be said again; the focus goes there.
      const names = [...(error.errors?.keys() ?? [])];
      error.beside = !errors && names.length > 0 && names.every((name) => form.current?.elements.namedItem(name));
      setRefused(error);
      requestAnimationFrame(() => form.current?.querySelector("[aria-invalid=true]")?.focus());
    } finally {
      setSending(false);
    }
  };
  const shown = errors ?? refused?.errors ?? new Map();
  return html`<form ref=${form} class=${kind} onSubmit=${submit} aria-busy=${sending || busy} novalidate>
    <${Errors.Provider} value=${shown}>${children}<//>
    ${refused && !refused.beside && html`<p class="refused" role="alert">${refused.status === 0 ? t("The server could not be reached. Nothing is lost: try again.") : refused.message}</p>`}
    <div class="actions">${extra}<button type="submit" aria-disabled=${sending || busy}>${action}</button></div>
  </form>`;
}

/**
 * A labelled input. `options` (a list of `[value, label]`) makes it a choice, `rows` a text of several lines; `hint`
 * stands below it; `error` is a sentence of the caller's own. Everything else (type, value, required, …) is the input's.
 */
export function Field({ label, name, hint, error, options, rows, value, ...more }) {
  const id = useId();
  const sentences = error ? [error] : (useContext(Errors).get(name) ?? []);
  const wrong = sentences.length > 0;
  const told = [hint && `${id}-hint`, wrong && `${id}-error`].filter(Boolean).join(" ") || undefined;
  const common = { id, name, "aria-invalid": wrong ? "true" : undefined, "aria-describedby": told, ...more };
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <${Input} options=${options} rows=${rows} value=${value} common=${common} />
    ${hint && html`<small id=${`${id}-hint`}>${hint}</small>`}
    ${wrong && html`<small class="error" id=${`${id}-error`}>${sentences.join(" ")}</small>`}
  </div>`;
}

// Without a controlling value an input keeps what is typed while the page around it is drawn anew.
function Input({ options, rows, value, common }) {
  if (options) {
    return html`<select ...${common}>
      ${options.map(([each, label]) => html`<option key=${each} value=${each} selected=${each === value}>${label}</option>`)}
    </select>`;
  }
  if (rows) return html`<textarea rows=${rows} defaultValue=${value} ...${common}></textarea>`;
  return html`<input defaultValue=${value} ...${common} />`;
}
