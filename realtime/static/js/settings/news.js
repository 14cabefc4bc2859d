// What somebody changes elsewhere shows here: the audit log tells of it.

/** Changes that come close together are one. */
const GATHERED_FOR = 200;

const listeners = [];

/** Call `reload` soon after the audit log has told of an action that begins with one of `beginnings`, or has a gap. */
export function onAudit(beginnings, reload) {
  listeners.push({ beginnings, reload, waiting: null });
}

/** The audit log has told of `action`. */
export function audited(action) {
  for (const one of listeners) if (one.beginnings.some((beginning) => action.startsWith(beginning))) soon(one);
}

/** What happened is not known. */
export function reloadAll() {
  listeners.forEach(soon);
}

function soon(one) {
  one.waiting ??= setTimeout(() => {
    one.waiting = null;
    one.reload();
  }, GATHERED_FOR);
}
