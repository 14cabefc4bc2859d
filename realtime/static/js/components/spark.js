// A small trend line without axes: its numbers stand beside it, so it is an image with a name, or decoration without one.

import { html } from "../html.js";

const [WIDTH, HEIGHT, EDGE] = [100, 28, 3];

/** `points` are `[milliseconds, value or null]` by time, or values at equal distances; null breaks the line. */
export function Spark({ points, label }) {
  const pairs = points.map((point, index) => (Array.isArray(point) ? point : [index, point]));
  const named = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return html`<svg class="spark" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" focusable="false" ...${named}>
    ${label && html`<title>${label}</title>`}
    <path d=${path(pairs)} vector-effect="non-scaling-stroke" />
  </svg>`;
}

/** The line as SVG has it; a point alone becomes a dash of its own. */
function path(pairs) {
  const known = pairs.filter(([, value]) => value !== null);
  if (known.length === 0) return "";
  const [from, to] = [known[0][0], known.at(-1)[0]];
  const [least, most] = known.reduce(([low, high], [, value]) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const x = (at) => (to > from ? ((at - from) / (to - from)) * WIDTH : WIDTH / 2);
  // Halves, because the whole way from the least to the largest number there is would be infinite.
  const share = (value) => (value / 2 - least / 2) / (most / 2 - least / 2);
  const y = (value) => (most > least ? HEIGHT - EDGE - share(value) * (HEIGHT - 2 * EDGE) : HEIGHT / 2);
  if (known.length === 1) return `M${WIDTH / 2 - EDGE} ${HEIGHT / 2}h${2 * EDGE}`;
  let drawing = false;
  return pairs
    .map(([at, value]) => {
      const step = value === null ? "" : `${drawing ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      drawing = value !== null;
      return step;
    })
    .join("");
}
