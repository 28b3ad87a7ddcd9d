// Draws the figures of the page from reports, an array as `raftlab compare --out` writes each as JSON.

function draw(figure) {
  const report = reports[figure.dataset.report], metric = Number(figure.dataset.metric), scene = figure.dataset.scene;
  const m = report.metrics[metric], label = m.unit ? `${m.name}, ${m.unit}` : m.name;
  const data = report.rows.filter(r => (r.scene ?? "") === scene && !r.values[metric].short).map(r => ({
    name: scene && r.variant.startsWith(scene + "-") ? r.variant.slice(scene.length + 1) : r.variant,
    series: r.peer, at: r.at, x: r.point ?? 0, low: r.values[metric].least, middle: r.values[metric].median, high: r.values[metric].most,
  }));
  const box = figure.querySelector("div");
  if (!data.length) {
    box.textContent = "nobody has a number for this";
  } else if (report.swept) {
    const texts = new Map(data.map(d => [d.x, d.at]));
    curves(box, data, { label, xLabel: report.swept, xText: v => texts.get(v) ?? "" });
  } else {
    rows(box, data, { label });
  }
}

const figures = [...document.querySelectorAll("figure.plot")];
let drawnAt = 0;
function drawAll() {
  if (document.body.clientWidth === drawnAt) return;
  drawnAt = document.body.clientWidth;
  figures.forEach(draw);
}
drawAll();
addEventListener("resize", drawAll);
