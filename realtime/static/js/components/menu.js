// A button that opens a list of things to do or to choose (WAI-ARIA, menu button pattern).

import { useLayoutEffect, useId, useRef, useState } from "preact/hooks";
import { html } from "../html.js";

/**
 * `label` stands on the button, `hint` says what it is for. `groups` is a list of `{label, items}`; an item is
 * `{label, onChoose}`, `{label, href}`, or with `checked` (true or false) one of a choice; `danger` marks it, `lang` is
 * the language of its label. Arrow keys, Home and End move, Escape closes and leads back to the button.
 */
export function Menu({ label, hint, groups, class: kind = "" }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const [root, button] = [useRef(null), useRef(null)];
  // At once: the next key is already meant for an item.
  useLayoutEffect(() => {
    if (!open) return undefined;
    root.current.querySelector("[role^=menuitem]")?.focus();
    const away = (event) => root.current.contains(event.target) || setOpen(false);
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  const close = () => {
    setOpen(false);
    button.current.focus();
  };
  const keys = (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(false);
    else move(event, root.current);
  };
  return html`<div class=${`menu ${kind}`} ref=${root} onKeyDown=${open ? keys : undefined}>
    <button type="button" class="quiet" ref=${button} aria-haspopup="menu" aria-expanded=${open} aria-controls=${open ? id : undefined} title=${hint}
      onClick=${() => setOpen(!open)} onKeyDown=${(event) => event.key === "ArrowDown" && !open && (event.preventDefault(), setOpen(true))}>
      <bdi>${label}</bdi><span class="arrow" aria-hidden="true"></span>
    </button>
    ${open && html`<div class="items" role="menu" id=${id} aria-label=${hint ?? label}>
      ${groups.map((group) => html`<${Group} group=${group} close=${close} />`)}
    </div>`}
  </div>`;
}

function Group({ group: { label, items }, close }) {
  const id = useId();
  return html`<div role="group" aria-labelledby=${label ? id : undefined}>
    ${label && html`<p id=${id} role="presentation"><bdi>${label}</bdi></p>`}
    ${items.map((item) => html`<${Item} key=${item.label} item=${item} close=${close} />`)}
  </div>`;
}

function Item({ item: { label, onChoose, href, checked, danger, lang }, close }) {
  if (href) return html`<a role="menuitem" tabindex="-1" href=${href}>${label}</a>`;
  const choose = () => {
    close();
    onChoose();
  };
  const role = checked === undefined ? "menuitem" : "menuitemradio";
  return html`<button type="button" role=${role} tabindex="-1" aria-checked=${checked} lang=${lang} class=${danger ? "danger" : ""} onClick=${choose}>${label}</button>`;
}

function move(event, root) {
  const items = [...root.querySelectorAll("[role^=menuitem]")];
  const here = items.indexOf(document.activeElement);
  const last = items.length - 1;
  const there = { ArrowDown: here === last ? 0 : here + 1, ArrowUp: here <= 0 ? last : here - 1, Home: 0, End: last }[event.key];
  if (there === undefined) return;
  event.preventDefault();
  items[there].focus();
}
