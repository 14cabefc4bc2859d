// The focus is never nowhere. Where what has it goes (a row, a button that has done its work) or is switched off, the
// browser drops it, and whoever has no mouse begins again at the top; so it goes to what stands in that place then.

/** Milliseconds in which a page may see to it itself, and in which what is switched off while it works is on again. */
const PATIENCE = 120;
const WORKING = 400;

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";

/** What comes over the page and goes again: the focus is then to be where it was before. */
const PASSING = "dialog, .toasts";

/** Begin to look after the focus of this document. */
export function keepFocus() {
  const marks = { page: new Mark(), passing: new Mark() };
  let byKey = false;
  let timer = null;
  const soon = (pause = PATIENCE) => {
    clearTimeout(timer);
    timer = setTimeout(look, pause);
  };
  const look = () => {
    if (document.activeElement !== document.body && document.activeElement !== null) return;
    const mark = document.querySelector("dialog[open]") ? marks.passing : marks.page;
    const found = mark.place();
    if (found !== null) found.focus({ preventScroll: !byKey });
  };
  marks.page.onLost = marks.passing.onLost = soon;
  addEventListener("focusin", ({ target }) => (target.closest(PASSING) ? marks.passing : marks.page).set(target), true);
  addEventListener("keydown", () => (byKey = true), true);
  addEventListener("close", () => soon(), true);
  // Whoever presses beside everything wants the focus nowhere.
  addEventListener("pointerdown", ({ target }) => {
    byKey = false;
    (target.closest?.(PASSING) ? marks.passing : marks.page).set(null);
  }, true);
}

/** Where the focus was last, followed while the page changes around it. */
class Mark {
  constructor() {
    this.element = null;
    this.gap = null;
    this.observer = new MutationObserver((records) => this.heard(records));
  }

  set(element) {
    this.observer.disconnect();
    Object.assign(this, { element, gap: null });
    if (element === null) return;
    this.observer.observe(element, { attributes: true, attributeFilter: ["disabled"] });
    // Only those around it: in a page on which hundreds of rows come and go nothing else is of interest.
    for (let each = element.parentElement; each !== null; each = each.parentElement) this.observer.observe(each, { childList: true });
  }

  heard(records) {
    for (const { type, target, removedNodes, nextSibling, previousSibling } of records) {
      if (type === "attributes") {
        this.onLost(this.element.disabled ? WORKING : 0);
      } else if ([...removedNodes].some((node) => node.contains(this.element) || (this.gap && node.contains(this.gap.parent)))) {
        this.gap = { parent: target, next: nextSibling, previous: previousSibling, added: addedIn(records, target) };
        this.onLost();
      } else if (this.gap !== null && target.isConnected) {
        // Something else is drawn where it was.
        this.onLost();
      }
    }
  }

  /** What is to have the focus now: the same where it is there, else what stands nearest; null for nothing. */
  place() {
    const { element } = this;
    if (element === null) return null;
    if (element.isConnected) {
      if (!element.disabled && element.checkVisibility()) return element;
      return nearest({ parent: element.parentElement, next: element.nextSibling, previous: element.previousSibling, added: [] });
    }
    return this.gap && nearest(this.gap);
  }
}

function addedIn(records, parent) {
  return records.filter(({ target }) => target === parent).flatMap(({ addedNodes }) => [...addedNodes]);
}

/** From the gap outwards: what was put there instead, what follows, what stands before. */
function nearest({ parent, next, previous, added }) {
  const within = (node) => node?.parentNode === parent;
  const instead = [previous, next].filter((node) => within(node) && added.includes(node));
  for (const node of instead) {
    const found = takers(node)[0];
    if (found) return found;
  }
  const before = within(next) ? next.previousSibling : within(previous) ? previous : parent.lastChild;
  for (let node = within(next) ? next : before?.nextSibling; node; node = node.nextSibling) {
    const found = takers(node)[0];
    if (found) return found;
  }
  for (let node = before; node; node = node.previousSibling) {
    const found = takers(node).at(-1);
    if (found) return found;
  }
  if (parent.matches("main, dialog, body, .toasts")) return parent.matches("main, dialog") ? parent : null;
  const { parentElement } = parent;
  return parentElement && nearest({ parent: parentElement, next: parent.nextSibling, previous: parent.previousSibling, added: [] });
}

/** What of the node takes the focus by Tab. */
function takers(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return [];
  const all = [...node.querySelectorAll(FOCUSABLE)];
  if (node.matches(FOCUSABLE)) all.unshift(node);
  return all.filter((each) => each.tabIndex >= 0 && !each.disabled && each.checkVisibility());
}
