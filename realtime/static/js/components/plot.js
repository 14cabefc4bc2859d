// The canvas of a chart: uPlot, loaded when the first chart is shown, in our colours, words and zone.

import { locale } from "../words.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** Pixels around the cursor in which a mark is told. */
export const NEAR = 8;

/** Half of the widest range that has a height. */
const WIDEST = Number.MAX_VALUE / 4;

/** Shorter drags are clicks. */
const LEAST_DRAG = 8;

const PALETTE = ["--accent", "--sensors", "--locations", "--predictions", "--anomalies", "--warn"];
const DASHES = [[], [8, 4], [2, 3], [8, 3, 2, 3]];

let loading = null;

/** Resolves to uPlot; asks again after a failure. */
export function loadPlot() {
  loading ??= Promise.all([import("uplot"), sheet()]).then(
    ([module]) => module.default,
    (error) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}

function sheet() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = import.meta.resolve("uplot/uPlot.min.css");
  return new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => {
      link.remove();
      reject(new Error(link.href));
    };
    document.head.append(link);
  });
}

/** Pixels of a rem: a screen on a wall has larger ones. */
function rem() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize);
}

/** The name of the custom property, or the colour, in which the series at `place` is drawn. */
export function inkOf({ color }, place) {
  return color ?? PALETTE[place % PALETTE.length];
}

/** How the line of the series at `place` is broken: series are told apart without colours too. */
export function dashOf(place) {
  return DASHES[place % DASHES.length];
}

/**
 * A plot in `holder`, to be made anew when names or kinds of its series change.
 * `told` are the functions that it calls: `cursor(index or null, marks near it)`, `zoom({since, until} or null)`.
 */
export class Plot {
  constructor(uPlot, holder, { series, height, zooms, format, steps }, told) {
    this.uPlot = uPlot;
    this.holder = holder;
    this.height = height;
    this.told = told;
    this.marks = [];
    this.range = null;
    this.colours = new Map();
    this.plot = new uPlot(this.options({ series, zooms, format, steps }), null, holder);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(holder);
    this.theme = () => this.repaint();
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", this.theme);
    this.themes = new MutationObserver(this.theme);
    this.themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  options({ series, zooms, format, steps }) {
    const grid = { stroke: () => this.colour("--line"), width: 1 };
    const axis = { stroke: () => this.colour("--soft"), grid, ticks: grid, font: fontOf() };
    const bars = series.some(({ kind }) => kind === "bars");
    return {
      width: this.width(),
      height: this.height,
      ms: 1,
      legend: { show: false },
      padding: [14, 12, 0, 0],
      cursor: {
        y: false,
        drag: { x: zooms, y: false, setScale: false },
        points: { size: 9 },
        bind: { dblclick: () => () => this.told.zoom(null) },
      },
      scales: {
        x: { range: (_, least, most) => this.range ?? spread(least, most, bars ? (this.columns?.[0].length ?? 0) : 0) },
        y: { range: (_, least, most) => heights(this.uPlot, least, most, bars) },
      },
      axes: [
        { ...axis, space: 4.5 * rem(), size: 3.125 * rem(), values: (_, splits, __, ___, step) => timesOf(splits, step) },
        { ...axis, ...(steps && { incrs: steps }), size: (_, values) => widthOf(values), values: (_, splits) => splits.map(format) },
      ],
      series: [{}, ...series.map((one, place) => this.line(one, place))],
      hooks: {
        draw: [() => this.drawMarks()],
        setCursor: [() => this.told.cursor(this.plot.cursor.idx ?? null, this.near())],
        setSelect: [() => this.selected()],
      },
    };
  }

  line({ name, kind = "line", ...one }, place) {
    const ink = () => this.colour(inkOf(one, place));
    const drawn = { label: name, stroke: ink, width: 2, dash: dashOf(place), points: { size: 5, fill: ink } };
    if (kind === "bars") return { ...drawn, fill: ink, dash: [], width: 0, paths: this.uPlot.paths.bars({ size: [0.7, 48] }), points: { show: false } };
    if (kind === "points") return { ...drawn, paths: () => null, points: { show: true, size: 6, fill: ink } };
    return place === 0 ? { ...drawn, fill: () => faint(ink()) } : drawn;
  }

  /** Show these columns (`[times, values, …]`) and marks, over `range` ([from, to]) or over what there is. */
  show(columns, marks, range) {
    this.marks = marks;
    this.range = range;
    this.columns = columns;
    this.plot.setData(columns);
  }

  /** Put the cursor on the point at `index`; null takes it away. Before anything is shown it is only told. */
  point(index) {
    if (this.columns === undefined) {
      this.told.cursor(index, []);
      return;
    }
    const left = index === null ? -10 : this.plot.valToPos(this.columns[0][index], "x");
    this.plot.setCursor({ left, top: index === null ? -10 : 10 });
  }

  selected() {
    const { left, width } = this.plot.select;
    if (width < LEAST_DRAG) return;
    const [since, until] = [left, left + width].map((x) => this.plot.posToVal(x, "x"));
    this.plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.told.zoom({ since, until });
  }

  near() {
    const { left } = this.plot.cursor;
    if (left === undefined || left < 0) return [];
    return this.marks.filter(({ at }) => Math.abs(this.plot.valToPos(at, "x") - left) <= NEAR);
  }

  /** A line and a sign for each mark; the sign tells its kind without the colour. */
  drawMarks() {
    const { ctx, bbox } = this.plot;
    const unit = this.uPlot.pxRatio;
    ctx.save();
    ctx.lineWidth = unit;
    for (const { at, kind } of this.marks) {
      const x = Math.round(this.plot.valToPos(at, "x", true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = ctx.fillStyle = this.colour(inkOfMark(kind));
      ctx.setLineDash([3 * unit, 3 * unit]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      sign(ctx, kind, x, bbox.top - 4 * unit, 6 * unit);
    }
    ctx.restore();
  }

  colour(name) {
    if (!name.startsWith("--")) return name;
    if (!this.colours.has(name)) {
      this.colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
    }
    return this.colours.get(name);
  }

  repaint() {
    this.colours.clear();
    this.plot.redraw(false, true);
  }

  width() {
    return Math.max(120, Math.floor(this.holder.clientWidth));
  }

  resize() {
    if (this.plot.width !== this.width()) this.plot.setSize({ width: this.width(), height: this.height });
  }

  destroy() {
    this.resizing.disconnect();
    this.themes.disconnect();
    this.scheme.removeEventListener("change", this.theme);
    this.plot.destroy();
  }
}

/** The colour of a mark's kind: an anomaly's severity weighs, all else is calm. */
export function inkOfMark(kind) {
  return kind === "prediction" ? "--predictions" : kind === "anomaly" ? "--anomalies" : "--general";
}

function sign(ctx, kind, x, y, size) {
  ctx.setLineDash([]);
  ctx.beginPath();
  if (kind === "prediction") {
    for (const [dx, dy] of [[0, -size], [size * 0.8, 0], [0, size], [-size * 0.8, 0]]) ctx.lineTo(x + dx, y + dy);
  } else if (kind === "anomaly") {
    for (const [dx, dy] of [[0, -size], [size, size * 0.8], [-size, size * 0.8]]) ctx.lineTo(x + dx, y + dy);
  } else {
    ctx.arc(x, y, size * 0.7, 0, 2 * Math.PI);
  }
  ctx.fill();
}

/** One moment alone needs a stretch to stand in, and of `bars` the first and the last half of one beside them. */
function spread(least, most, bars) {
  if (least === most) return [least - MINUTE, most + MINUTE];
  const half = bars > 1 ? (most - least) / (bars - 1) / 2 : 0;
  return [least - half, most + half];
}

function heights(uPlot, least, most, bars) {
  if (least === null || most === null) return [0, 1];
  if (!Number.isFinite(2 * (most - least))) return [-WIDEST, WIDEST];
  const [low, high] = uPlot.rangeNum(least, most, 0.1, true);
  return bars ? [Math.min(0, low), Math.max(0, high)] : [low, high];
}

const pen = document.createElement("canvas").getContext("2d");

/** Letters differ in width: "15m" is wider than "159". */
function widthOf(values) {
  if (values === null) return 2.5 * rem();
  pen.font = fontOf();
  return Math.ceil(1.125 * rem() + Math.max(rem(), ...values.map((value) => pen.measureText(value).width)));
}

function fontOf() {
  return `${0.75 * rem()}px system-ui, sans-serif`;
}

const format = (options) => new Intl.DateTimeFormat(locale, options);
const FORMATS = {
  millisecond: format({ minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" }),
  second: format({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  minute: format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  day: format({ day: "numeric", month: "short" }),
  month: format({ month: "short", year: "numeric" }),
};

/** Under each line of the grid its time, and below that the day where it changes. */
function timesOf(splits, step) {
  if (step >= 28 * DAY) return splits.map((at) => FORMATS.month.format(at));
  if (step >= DAY) return splits.map((at) => FORMATS.day.format(at));
  const clock = step < SECOND ? FORMATS.millisecond : step < MINUTE ? FORMATS.second : FORMATS.minute;
  let before = "";
  return splits.map((at) => {
    const day = FORMATS.day.format(at);
    const changed = day !== before;
    before = day;
    return changed ? `${clock.format(at)}\n${day}` : clock.format(at);
  });
}

function faint(colour) {
  return /^#[0-9a-f]{6}$/i.test(colour) ? `${colour}1a` : "transparent";
}
