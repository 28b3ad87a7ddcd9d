// The panel beside the diagram: the line at the cursor, what the peers hold there, the clients' operations.

import { textOf, detailOf, whereOf, keyOf, seconds } from "./data.js";
import { Replay } from "./state.js";
import { ofTerm } from "./theme.js";
import { copy } from "./text.js";
import { scenarioLines } from "./scenario.js";

/** make builds an element; texts are put in as texts, never as HTML. */
export function make(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "style") e.style.cssText = value; else if (value !== undefined) e.setAttribute(name, value);
  }
  e.append(...children.filter(c => c !== null && c !== undefined));
  return e;
}

export class Panel {
  constructor(box) {
    this.box = box;
    this.replays = new Map();
    box.addEventListener("click", async e => {
      const { scenario } = e.target.dataset ?? {};
      if (scenario) {
        e.target.textContent = await copy(scenario + "\n") ? `${scenario} (copied)` : "the browser does not let this page copy";
        return;
      }
      const item = e.target.closest("[data-line]");
      if (item) this.onLine?.(Number(item.dataset.line));
    });
    box.addEventListener("keydown", e => {
      const { line } = e.target.dataset ?? {};
      if (e.key !== "Enter" || !line) return;
      e.preventDefault(); // a button would be clicked as well
      this.onLine?.(Number(line));
      (box.querySelector(`li[data-line="${line}"]`) ?? box).focus(); // the one that had the focus is gone
    });
  }

  show(d) {
    const run = d.run;
    if (!run.count) {
      this.box.replaceChildren(make("p", {}, "The run has no events."));
      return;
    }
    if (!this.replays.has(run)) this.replays.set(run, new Replay(run));
    const states = this.replays.get(run).at(d.chosen);
    this.box.replaceChildren(...[
      ...this.line(d), ...this.logs(run, states, d), ...this.story(d), ...this.operations(d)].filter(Boolean));
  }

  line({ run, chosen }) {
    const lane = run.lane[chosen];
    const leg = run.arrival[chosen];
    const parts = [make("h2", {}, "At the cursor"),
      make("p", {}, `${seconds(run.time[chosen], 9)} s, ${lane < 0 ? "all" : run.lanes[lane].name}, ${run.classes[run.class[chosen]].name}`),
      make("p", { class: "mono" }, textOf(run, chosen))];
    if (run.detail[chosen]) parts.push(make("p", { class: "mono" }, detailOf(run, chosen)));
    if (run.where[chosen]) parts.push(make("p", { class: "mono where" }, "code: " + whereOf(run, chosen)));
    if (leg >= 0) {
      const from = run.legs.from[leg], fate = run.legs.fates[run.legs.fate[leg]];
      const took = (run.time[chosen] - run.time[from]) / 1e6;
      parts.push(make("p", {}, `${fate === "arrives" ? "" : fate + ", "}${took.toFixed(3)} ms after `,
        make("button", { "data-line": from }, "it was sent")));
    }
    const lines = scenarioLines(run, chosen);
    if (lines.length) {
      parts.push(make("p", { class: "scenario" }, make("small", {}, "what if? copies a line for --scenario: "),
        ...lines.map(text => make("button", { "data-scenario": text }, text))));
    }
    return parts;
  }

  // logs is a table with a row for each peer and a column for each index.
  logs(run, states, d) {
    const peers = states.map((s, lane) => ({ s, lane })).filter(({ s, lane }) =>
      run.lanes[lane].peer < 1000 && !d.hidden.lanes.has(lane) && (s.term || s.last));
    if (!peers.length) return [];
    const cells = Math.max(4, Math.min(14, Math.floor((this.box.clientWidth - 110) / 22)));
    const last = Math.max(...peers.map(({ s }) => s.last));
    let first = Math.max(1, last - cells + 1);
    const about = run.low[d.chosen];
    if (about && about < first) first = Math.max(1, about - 2);
    const end = Math.min(last, first + cells - 1);
    const head = make("div", { class: "cells" });
    for (let i = first; i <= end; i++) head.append(make("span", { class: "cell head" }, i % 100));
    const rows = last ? [make("tr", {}, make("th", {}, make("small", {}, "index")), make("td", {}, head))] : [];
    for (const { s, lane } of peers) rows.push(this.row(run, s, lane, first, end));
    return [make("h2", {}, "What peers are known to hold"), make("table", { class: "logs" }, ...rows),
      make("p", {}, make("small", {}, last ? "numbers are terms; underlined: applied; bar below: committed" : "no entries yet"))];
  }

  row(run, s, lane, first, end) {
    const dark = document.documentElement.classList.contains("dark");
    const cells = make("div", { class: "cells" });
    if (!end) cells.append(make("small", {}, "nothing is known of its log"));
    for (let i = first; i <= end; i++) {
      const e = s.log.get(i);
      const kept = i <= s.base;
      const cell = make("span", { class: "cell", title: e ? `index ${i}, ${e.term < 0 ? "term unknown" : "term " + e.term}: ${e.command || "command unknown"}` : kept ? `index ${i}: in the snapshot` : `index ${i}: nothing is known` },
        e ? (e.term < 0 ? "?" : e.term) : kept ? "" : "·");
      if (kept && !e) cell.classList.add("kept");
      if (!e && !kept) cell.classList.add("none");
      if (e && e.term > 0) cell.style.background = ofTerm(e.term, false, dark);
      if (i <= s.commit) cell.classList.add("committed");
      if (i <= s.applied) cell.classList.add("applied");
      cells.append(cell);
    }
    const role = s.up ? s.paused ? "paused" : s.role : "down";
    const facts = [`term ${s.term}`, s.vote && s.vote.term === s.term ? `voted ${s.vote.whom}` : null,
      `commit ${s.commit}`, `applied ${s.applied}`, s.base ? `snapshot ${s.base}` : null].filter(Boolean).join(", ");
    return make("tr", { class: run.accused.includes(lane) ? "accused" : "" },
      make("th", { title: facts }, make("b", {}, run.lanes[lane].short), ` ${role}`, make("br"),
        make("small", {}, `t${s.term} c${s.commit} a${s.applied}`)),
      make("td", {}, cells));
  }

  // story lists the lines that the verdict could be read off.
  story(d) {
    const run = d.run;
    if (run.violation < 0) return [];
    const found = [];
    for (let weight = 3; weight >= 1 && found.length < 12; weight--) {
      for (let i = run.count - 1; i >= 0 && found.length < 16; i--) if (run.weight[i] === weight && d.causes[i]) found.push(i);
    }
    found.sort((a, b) => a - b);
    return [make("h2", {}, "What led to it"), make("ol", {}, ...found.map(i => this.item(d, i)))];
  }

  item(d, i, text = textOf(d.run, i), bad = false) {
    const lane = d.run.lane[i];
    const who = lane < 0 ? "" : d.run.lanes[lane].short + " ";
    return make("li", { "data-line": i, tabindex: 0, class: (i === d.chosen ? "here " : "") + (bad ? "bad" : "") },
      `${seconds(d.run.time[i], 4)} ${who}${text}`);
  }

  // operations lists what clients did around the cursor, with porcupine's order where there is one.
  operations(d) {
    const run = d.run, h = run.history;
    const clients = run.classes.findIndex(c => c.name === "clients");
    const order = new Map((h?.order ?? []).map((line, k) => [line, k + 1]));
    const near = [];
    const wanted = h?.key && h.result === "illegal" ? h.key : null;
    const fits = i => run.class[i] === clients && (wanted === null || keyOf(run, i) === wanted);
    for (let i = d.chosen; i >= 0 && near.length < 8; i--) if (fits(i)) near.unshift(i);
    for (let i = d.chosen + 1, n = 0; i < run.count && n < 8; i++) if (fits(i)) { near.push(i); n++; }
    if (!near.length) return [];
    const title = h ? `History: ${h.result === "ok" ? "linearizable" : h.result === "illegal" ? `key "${h.key}" is not linearizable` : "not decided"}` : "Operations of clients";
    return [make("h2", {}, title), h?.why ? make("p", { class: "mono" }, h.why) : null,
      make("ol", {}, ...near.map(i => this.item(d, i, (order.has(i) ? `#${order.get(i)} ` : "") + textOf(run, i), h?.call === i))),
      order.size ? make("p", {}, make("small", {}, `# is the place in the longest order that explains answers (${order.size} operations)`)) : null];
  }
}
