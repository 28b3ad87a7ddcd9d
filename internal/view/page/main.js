// The page: builds the diagrams, and connects them with the controls.

import { decode, seconds, textOf, lineAt } from "./data.js";
import { parse, contains } from "./filter.js";
import { Diagram } from "./diagram.js";
import { forgetColours } from "./paint.js";
import { prefer } from "./theme.js";
import { Panel, make } from "./panel.js";
import { asText, copy } from "./text.js";
import { readLink, writeLink } from "./link.js";
import { Keys } from "./keys.js";

const byId = id => document.getElementById(id);
const source = JSON.parse(byId("data").textContent);
byId("data").remove(); // it has been read, and is large

const panel = new Panel(byId("panel"));
const on = {
  chosen: (line, d) => { active = d; follow(d); update(); },
  moved: d => { if (d === active) { follow(d); keepLink(); } },
  focused: d => { if (d !== active) { active = d; update(); } },
};
const diagrams = source.runs.map(r => new Diagram(decode(r, source.classes), on));
let active = diagrams[0];
panel.onLine = line => { active.choose(line); active.center(line); };

// follow keeps the other diagram at the same time.
let following = false;
function follow(d) {
  if (following) return;
  following = true;
  for (const other of diagrams) {
    if (other === d) continue;
    other.choose(lineAt(other.run, d.run.time[d.chosen]), true);
    other.center(other.chosen, (d.y(d.chosen) - 40) / d.height);
  }
  following = false;
}

function update() {
  const { run, chosen } = active;
  panel.show(active);
  byId("slider").value = run.end ? Math.round(run.time[chosen] / run.end * 10000) : 0;
  byId("slider").setAttribute("aria-valuetext", `${seconds(run.time[chosen])} seconds`);
  byId("now").textContent = `${seconds(run.time[chosen])} s`;
  byId("said").textContent = run.count ? textOf(run, chosen) : "";
  keepLink();
}

function keepLink() {
  const hidden = active.hidden;
  writeLink({
    at: seconds(active.run.time[active.chosen] ?? 0, 9), line: active.chosen, run: diagrams.indexOf(active) || "",
    filter: byId("filter").value, spacing: active.mode === "even" ? "" : active.mode, scale: active.scale.toPrecision(4),
    causes: active.marking === "mark" ? "" : active.marking,
    hide: [...hidden.classes].map(k => source.classes[k].name).join(","),
    without: [...hidden.lanes].map(l => active.run.lanes[l].short).join(","),
  });
}

function eachDiagram(f) {
  for (const d of diagrams) f(d);
  update();
}

// Filters and switches.
function refilter() {
  let unknown = [];
  eachDiagram(d => {
    const parsed = parse(d.run, byId("filter").value);
    d.tests = parsed.tests;
    unknown = parsed.unknown;
    d.refilter();
  });
  const shown = active.axis.visible.length;
  byId("found").textContent = unknown.length ? `no such thing: ${unknown.join(" ")}` : `${shown} of ${active.run.count}`;
}

function switches(box, items, hidden) {
  box.replaceChildren(...items.map(({ name, what, value }) => {
    const input = make("input", { type: "checkbox", "data-value": value });
    input.checked = !hidden(diagrams[0]).has(value);
    input.addEventListener("change", () => {
      for (const d of diagrams) if (input.checked) hidden(d).delete(value); else hidden(d).add(value);
      refilter();
    });
    return make("label", {}, input, ` ${name} `, make("small", {}, what));
  }));
}

function buildSwitches() {
  const present = new Set(diagrams.flatMap(d => [...new Set(d.run.class)]));
  switches(byId("kinds").querySelector(".pop"),
    source.classes.map((c, value) => ({ name: c.name, what: c.what, value })).filter(c => present.has(c.value)), d => d.hidden.classes);
  const most = diagrams.reduce((a, b) => a.run.lanes.length >= b.run.lanes.length ? a : b).run.lanes;
  switches(byId("peers").querySelector(".pop"), most.map((l, value) => ({ name: l.name, what: l.group ?? "", value })), d => d.hidden.lanes);
}

function toggleClass(name) {
  const k = source.classes.findIndex(c => c.name === name);
  for (const d of diagrams) if (!d.hidden.classes.delete(k)) d.hidden.classes.add(k);
  buildSwitches();
  refilter();
}

function setSpacing(mode) {
  byId("spacing").value = mode;
  eachDiagram(d => d.setMode(mode));
}

function setCauses(how) {
  byId("causes").value = how;
  for (const d of diagrams) d.marking = how;
  refilter();
}

// Search goes through the lines that are shown, around the end to the beginning, and says how many
// there are; and what a filter hides, if that has the only ones.
function find(by) {
  const wanted = byId("search").value.toLowerCase();
  const { run, visible, chosen } = active;
  if (!wanted) return;
  const found = [];
  let hidden = 0;
  for (let i = 0; i < run.count; i++) {
    if (!contains(run, i, wanted)) continue;
    if (visible[i]) found.push(i); else hidden++;
  }
  if (!found.length) {
    byId("found").textContent = hidden ? `only among the ${hidden} hidden` : "not found";
    return;
  }
  const next = by > 0 ? found.findIndex(i => i > chosen) : found.findLastIndex(i => i < chosen);
  const at = next >= 0 ? next : by > 0 ? 0 : found.length - 1;
  active.choose(found[at]);
  active.center(found[at]);
  byId("found").textContent = `${at + 1} of ${found.length}`;
}

// toViolation goes to where each run failed; one that did not goes where the other one did, by time.
function toViolation() {
  const at = d => d.run.focus >= 0 ? d.run.focus : d.run.count - 1;
  const failed = diagrams.find(d => d.run.focus >= 0);
  for (const d of diagrams) {
    const line = d.run.focus < 0 && failed ? lineAt(d.run, failed.run.time[at(failed)]) : at(d);
    d.choose(line, true);
    if (d.causesFor !== d.run.focus && d.run.focus >= 0) d.explain(d.run.focus);
    d.center(line, 0.8);
  }
  update();
}

function toDifference() {
  if (!source.differ) return;
  diagrams.forEach((d, k) => {
    d.choose(Math.min(source.differ[k], d.run.count - 1), true);
    d.center(d.chosen, 0.4);
  });
  update();
}

async function copyText() {
  const done = await copy(asText(active));
  byId("found").textContent = done ? "copied" : "the browser does not let this page copy";
}

function verdicts() {
  byId("verdicts").replaceChildren(...diagrams.map(({ run }, k) => make("div", {},
    make("h1", {}, run.title, run.code ? ` (${run.code})` : "", ": ", make("span", { class: run.failed ? "bad" : "good" }, run.verdict)),
    ...(run.message ?? []).map(m => make("p", { class: "message" }, m)),
    run.checks ? make("p", {}, "The case: " + run.checks) : null,
    source.differ ? make("p", {}, differText(k)) : null,
    run.replay && diagrams.length === 1 ? make("p", { class: "mono" }, run.replay) : null)));
}

function differText(k) {
  const at = source.differ[k], { run } = diagrams[k];
  if (at >= run.count && source.differ.every((n, j) => n >= diagrams[j].run.count)) return "Both runs are the same.";
  return `The runs are the same up to ${seconds(run.time[Math.min(at, run.count - 1)], 4)} s (x goes there).`;
}

function toggleTheme() {
  prefer(!document.documentElement.classList.contains("dark"));
  forgetColours();
  eachDiagram(d => d.repaint());
}

function begin() {
  const link = readLink();
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  prefer(link.theme ? link.theme === "dark" : dark.matches);
  dark.addEventListener("change", e => { prefer(e.matches); forgetColours(); eachDiagram(d => d.repaint()); });
  verdicts();
  byId("diagrams").replaceChildren(...diagrams.map(d => d.box));
  const names = link.hide !== undefined || link.line !== undefined ? (link.hide ?? "").split(",") : ["heartbeats"];
  for (const d of diagrams) {
    source.classes.forEach((c, k) => { if (names.includes(c.name)) d.hidden.classes.add(k); });
    for (const short of (link.without ?? "").split(",")) {
      const lane = d.run.lanes.findIndex(l => l.short === short);
      if (lane >= 0) d.hidden.lanes.add(lane);
    }
    if (link.causes) d.marking = link.causes;
  }
  active = diagrams[Number(link.run ?? 0)] ?? diagrams[0];
  byId("filter").value = link.filter ?? "";
  byId("causes").value = active.marking;
  byId("verdict").disabled = diagrams.every(d => d.run.focus < 0);
  buildSwitches();
  refilter();
  if (source.differ && !link.at) toDifference();
  if (link.spacing === "time") setSpacing("time");
  requestAnimationFrame(() => { // once the canvas has its size
    if (link.line !== undefined) restore(link);
    update();
    active.canvas.focus();
    window.raftlab = { diagrams, ready: performance.now() }; // for tests
  });
}

function restore(link) {
  if (Number(link.scale) > 0) active.scale = Number(link.scale);
  active.choose(Number(link.line), true);
  active.center(active.chosen);
  follow(active);
}

new Keys([
  [["j", "ArrowDown"], "the next event", () => active.step(1)],
  [["k", "ArrowUp"], "the event before", () => active.step(-1)],
  [["l", "ArrowRight"], "the next event of this peer", () => active.step(1, true)],
  [["i", "ArrowLeft"], "the event before of this peer", () => active.step(-1, true)],
  [["PageDown", " "], "a page down", () => active.scroll(active.height * 0.9)],
  [["PageUp"], "a page up", () => active.scroll(-active.height * 0.9)],
  [["g", "Home"], "the beginning", () => { active.choose(0); active.reveal(0); }],
  [["G", "End"], "the end", () => { active.choose(active.run.count - 1); active.reveal(active.chosen); }],
  [["v"], "the violation, or the answer that is wrong", toViolation],
  [["w"], "mark what the event at the cursor depends on", () => { active.explain(active.chosen); update(); }],
  [["c"], "only the causes, or all", () => setCauses(active.marking === "only" ? "mark" : "only")],
  [["x"], "where two runs begin to differ", toDifference],
  [["h"], "heartbeats, or none", () => toggleClass("heartbeats")],
  [["t"], "a row per event, or spacing by time", () => setSpacing(active.mode === "even" ? "time" : "even")],
  [["+", "="], "zoom in", () => active.zoom(1.5)],
  [["-"], "zoom out", () => active.zoom(1 / 1.5)],
  [["0"], "the whole run", () => active.fit()],
  [["f"], "to the filter (Escape leaves it)", () => byId("filter").focus()],
  [["/"], "search", () => byId("search").focus()],
  [["n"], "the next one found", () => find(1)],
  [["N"], "the one found before", () => find(-1)],
  [["y"], "copy what is in view as text", copyText],
  [["p"], "to the panel and back", () => (document.activeElement === byId("panel") ? active.canvas : byId("panel")).focus()],
  [["d"], "light or dark", toggleTheme],
], byId("keys"));

byId("filter").addEventListener("input", refilter);
byId("search").addEventListener("keydown", e => { if (e.key === "Enter") find(e.shiftKey ? -1 : 1); });
byId("causes").addEventListener("change", e => setCauses(e.target.value));
byId("spacing").addEventListener("change", e => setSpacing(e.target.value));
byId("slider").addEventListener("input", e => { active.goTo(active.run.end * e.target.value / 10000); follow(active); update(); });
for (const [id, f] of Object.entries({
  in: () => active.zoom(1.5), out: () => active.zoom(1 / 1.5), fit: () => active.fit(), verdict: toViolation,
  copy: copyText, theme: toggleTheme, help: () => document.dispatchEvent(new KeyboardEvent("keydown", { key: "?" })),
})) byId(id).addEventListener("click", f);
document.addEventListener("click", e => { // a menu closes when somebody clicks elsewhere
  for (const menu of document.querySelectorAll("details[open]")) if (!menu.contains(e.target)) menu.open = false;
});
window.addEventListener("hashchange", () => location.reload()); // somebody has pasted another address of this page
begin();
