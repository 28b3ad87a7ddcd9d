// Filters: a line of words, each of which a line of the run has to satisfy.
//
//   peer:0,c1   kind:votes,applies   -kind:heartbeats   term:9   index:4   key:x   from:5.8   to:6   any other word

import { textOf, detailOf, keyOf } from "./data.js";

const words = text => [...text.matchAll(/(-?)(?:(\w+):)?("[^"]*"|\S+)/g)];
const list = value => value.split(",").filter(Boolean);

/** parse turns the text of a filter into tests; those that it does not know are texts to be found. */
export function parse(run, text) {
  const tests = [];
  const unknown = [];
  for (const [, minus, name, quoted] of words(text)) {
    const value = quoted.replace(/^"|"$/g, "");
    const test = testOf(run, name, value, unknown);
    if (test) tests.push(minus ? i => !test(i) : test);
  }
  return { tests, unknown };
}

function testOf(run, name, value, unknown) {
  const number = Number(value);
  switch (name) {
    case "peer": case "lane": {
      const wanted = new Set();
      for (const p of list(value)) {
        const at = run.lanes.findIndex(l => l.short === p || l.name === p);
        if (at < 0) unknown.push(`${name}:${p}`); else wanted.add(at);
      }
      return i => run.lane[i] < 0 || wanted.has(run.lane[i]);
    }
    case "kind": {
      const wanted = new Set();
      for (const k of list(value)) {
        const at = run.classes.findIndex(c => c.name === k || c.name === k + "s");
        if (at < 0) unknown.push(`${name}:${k}`); else wanted.add(at);
      }
      return i => wanted.has(run.class[i]);
    }
    case "term": return i => run.term[i] === number;
    case "index": return i => run.low[i] > 0 && run.low[i] <= number && number <= run.high[i];
    case "key": {
      const quoted = JSON.stringify(value);
      return i => keyOf(run, i) === value || detailOf(run, i).includes(quoted);
    }
    case "from": return i => run.time[i] >= number * 1e9;
    case "to": return i => run.time[i] <= number * 1e9;
  }
  const wanted = (name ? `${name}:${value}` : value).toLowerCase();
  return i => contains(run, i, wanted);
}

/** contains says whether a line's text or arguments have a text in them. */
export function contains(run, i, wanted) {
  return textOf(run, i).toLowerCase().includes(wanted) || detailOf(run, i).toLowerCase().includes(wanted);
}

/** visibleLines marks the lines that pass a filter. hidden are classes and lanes that are switched off; what
 * matters to the verdict stays in spite of a class, and the violation in spite of all. only, if given, are the causes. */
export function visibleLines(run, tests, hidden, only) {
  const visible = new Uint8Array(run.count);
  for (let i = 0; i < run.count; i++) {
    if (i === run.violation || i === run.focus) { visible[i] = 1; continue; }
    if (hidden.classes.has(run.class[i]) && run.weight[i] < 2) continue;
    if (run.lane[i] >= 0 && hidden.lanes.has(run.lane[i])) continue;
    if (only && !(only[i] && run.weight[i] > 0)) continue;
    visible[i] = tests.every(test => test(i)) ? 1 : 0;
  }
  return visible;
}
