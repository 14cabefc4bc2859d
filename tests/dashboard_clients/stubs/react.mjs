// As much of React as the hook uses: state, effects and callbacks of one component, kept by the
// order of the calls, and rendered again after a change.
let slots = [];
let next = 0;
let effects = [];
let plan = () => {};

const changed = (before, after) => !before || before.some((value, index) => !Object.is(value, after[index]));

export function useState(initial) {
  const slot = (slots[next++] ??= { value: initial });
  slot.set ??= (given) => {
    const value = typeof given === "function" ? given(slot.value) : given;
    if (!Object.is(value, slot.value)) {
      slot.value = value;
      plan();
    }
  };
  return [slot.value, slot.set];
}

export function useCallback(callback, needs) {
  const slot = (slots[next++] ??= {});
  if (changed(slot.needs, needs)) Object.assign(slot, { callback, needs });
  return slot.callback;
}

export function useEffect(effect, needs) {
  const slot = (slots[next++] ??= {});
  if (changed(slot.needs, needs)) effects.push({ slot, effect });
  slot.needs = needs;
}

/** Render `component` now and after every change; `seen` gets what it returns. Returns what unmounts it. */
export function mount(component, seen) {
  let planned = false;
  const render = () => {
    planned = false;
    next = 0;
    seen(component());
    for (const { slot, effect } of effects.splice(0)) {
      slot.clean?.();
      slot.clean = effect();
    }
  };
  plan = () => {
    if (!planned) queueMicrotask(render);
    planned = true;
  };
  render();
  return () => slots.forEach((slot) => slot.clean?.());
}
