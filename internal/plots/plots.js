// The two kinds of plots that pages draw. Data are arrays of { name, series, low, middle, high }, and for
// curves x as well; a value that is not there is left out before.

const seriesColours = Array.from({ length: 8 }, (_, i) => `var(--series-${i + 1})`);
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

function common(box, series) {
  return {
    width: Math.max(280, box.clientWidth),
    style: { background: "transparent", color: "currentColor", fontSize: "12px", overflow: "visible" },
    color: { domain: series, range: seriesColours.slice(0, series.length), legend: series.length > 1 },
    symbol: { domain: series, range: shapes.slice(0, series.length) },
  };
}

const unique = values => [...new Set(values)];

/** rows draws a line for each name, with a mark for each series, from the least value to the most. */
function rows(box, data, { label }) {
  const names = unique(data.map(d => d.name)), series = unique(data.map(d => d.series));
  const wide = Math.max(...names.map(n => n.length));
  box.replaceChildren(Plot.plot({
    ...common(box, series),
    marginLeft: Math.min(170, 20 + 6.6 * wide), marginRight: 24, marginBottom: 36,
    height: 44 + names.length * (14 + 8 * series.length),
    x: { label, zero: true, grid: true, nice: true, tickFormat: short, ticks: Math.min(8, box.clientWidth / 90) },
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

/** curves draws a curve for each name and series over x. A logarithmic axis is for sweeps over more than a decade. */
function curves(box, data, { label, xLabel, xText }) {
  const named = data.map(d => ({ ...d, line: d.series ? `${d.name}, ${d.series}` : d.name }));
  const lines = unique(named.map(d => d.line)), xs = unique(named.map(d => d.x)).sort((a, b) => a - b);
  const far = xs[0] > 0 && xs[xs.length - 1] / xs[0] > 9;
  box.replaceChildren(Plot.plot({
    ...common(box, lines),
    marginLeft: 52, marginRight: 24, marginBottom: 40, height: Math.min(360, Math.max(240, box.clientWidth * 0.5)),
    x: { label: xLabel, type: far ? "log" : "linear", ticks: xs, tickFormat: v => xText(v), grid: true },
    y: { label, zero: true, grid: true, nice: true, tickFormat: short },
    marks: [
      Plot.ruleY([0], { strokeOpacity: 0.3 }),
      Plot.areaY(named, { x: "x", y1: "low", y2: "high", fill: "line", fillOpacity: 0.15, z: "line" }),
      Plot.lineY(named, { x: "x", y: "middle", stroke: "line", z: "line", strokeWidth: 2 }),
      Plot.dot(named, { x: "x", y: "middle", fill: "line", symbol: "line", r: 3.5 }),
      Plot.tip(named, Plot.pointer({ x: "x", y: "middle", title: told })),
    ],
  }));
}
