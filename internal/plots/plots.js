// The two kinds of plots that pages draw. Data are arrays of { name, series, low, middle, high }, and for
// curves x as well; a value that is not there is left out before.

const seriesColours = Array.from({ length: 8 }, (_, i) => `var(--series-${i + 1})`);
const dashes = [null, "6 4", "2 3"];
const shapes = ["circle", "square", "triangle", "diamond", "cross", "star", "wye", "circle"];

/** short writes a number with three digits. */
function short(v) {
  if (v === 0 || Number.isInteger(v) && Math.abs(v) < 100000) return String(v);
  return Number(v.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });
}

function told(d) {
  const spread = d.low === d.high ? "" : `  (${short(d.low)} to ${short(d.high)})`;
  return `${d.name}${d.at ? ", " + d.at : ""}\n${d.series}: ${short(d.middle)}${spread}`;
}

/** scaleOf is the axis of values, which begins at 0; where all of them are 0 it goes to 1. */
function scaleOf(data) {
  return { zero: true, grid: true, nice: true, tickFormat: short, ...(data.every(d => d.high === 0) ? { domain: [0, 1] } : {}) };
}

function common(box, series, coloured = series) {
  return {
    width: Math.max(280, box.clientWidth),
    style: { background: "transparent", color: "currentColor", fontSize: "12px", overflow: "visible" },
    color: { domain: coloured, range: seriesColours.slice(0, coloured.length), legend: coloured.length > 1 },
    symbol: { domain: series, range: shapes.slice(0, series.length), legend: coloured !== series && series.length > 1 },
  };
}

const unique = values => [...new Set(values)];

/** rows draws a line for each name, with a mark for each series, from the least value to the most. */
function rows(box, data, { label }) {
  const names = unique(data.map(d => d.name)), series = unique(data.map(d => d.series));
  const wide = Math.max(...names.map(n => n.length));
  box.replaceChildren(Plot.plot({
    ...common(box, series),
    marginLeft: Math.min(170, 20 + 6.6 * wide), marginRight: 24, marginTop: 8, marginBottom: 36,
    height: 46 + names.length * (14 + 8 * series.length),
    x: { ...scaleOf(data), label, ticks: Math.min(8, box.clientWidth / 90) },
    fy: { domain: names, label: null, padding: 0.05, axis: "left" },
    y: { domain: series, axis: null, padding: 0.2 },
    marks: [
      Plot.frame({ stroke: "currentColor", strokeOpacity: 0.12 }),
      Plot.ruleY(data, { fy: "name", y: "series", x1: "low", x2: "high", stroke: "series", strokeWidth: 3, strokeOpacity: 0.45, strokeLinecap: "round" }),
      Plot.dot(data, { fy: "name", y: "series", x: "middle", fill: "series", symbol: "series", r: 4 }),
      Plot.tip(data, Plot.pointer({ fy: "name", y: "series", x: "middle", title: told })),
    ],
  }));
}

/** curves draws a curve for each name and series over x: a name has a colour, a series a kind of line and of mark.
 * A logarithmic axis is for sweeps over more than a decade. */
function curves(box, data, { label, xLabel, xText }) {
  const names = unique(data.map(d => d.name)), series = unique(data.map(d => d.series));
  const xs = unique(data.map(d => d.x)).sort((a, b) => a - b);
  const far = xs[0] > 0 && xs[xs.length - 1] / xs[0] > 9;
  const of = s => data.filter(d => d.series === s);
  box.replaceChildren(Plot.plot({
    ...common(box, series, names),
    marginLeft: 52, marginRight: 24, marginTop: 26, marginBottom: 40, height: Math.min(360, Math.max(240, box.clientWidth * 0.5)),
    x: { label: xLabel, type: far ? "log" : "linear", ticks: xs, tickFormat: v => xText(v), grid: true },
    y: { ...scaleOf(data), label },
    marks: [
      Plot.ruleY([0], { strokeOpacity: 0.3 }),
      series.map(s => Plot.areaY(of(s), { x: "x", y1: "low", y2: "high", fill: "name", fillOpacity: 0.15, z: "name" })),
      series.map((s, i) => Plot.lineY(of(s), { x: "x", y: "middle", stroke: "name", z: "name", strokeWidth: 2, strokeDasharray: dashes[i % dashes.length] })),
      Plot.dot(data, { x: "x", y: "middle", fill: "name", symbol: "series", r: 3.5 }),
      Plot.tip(data, Plot.pointer({ x: "x", y: "middle", title: told })),
    ],
  }));
}
