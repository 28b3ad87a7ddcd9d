// The data of the page: columns of numbers, made into typed arrays, with a few questions that they answer.

/** decode makes a run of what Go has written (internal/view/columns.go). */
export function decode(encoded, classes) {
  const c = encoded.lines;
  const run = { ...encoded, classes, count: c.time.length };
  run.time = new Float64Array(run.count);
  for (let i = 0, t = 0; i < run.count; i++) run.time[i] = t += c.time[i];
  run.lane = Int16Array.from(c.lane);
  run.class = Uint8Array.from(c.class);
  run.weight = Uint8Array.from(c.weight);
  run.term = Int32Array.from(c.term);
  run.low = Int32Array.from(c.low);
  run.high = Int32Array.from(c.high);
  run.key = Int32Array.from(c.key);
  run.number = Int32Array.from(c.number);
  run.fault = Int32Array.from(c.fault);
  run.text = Int32Array.from(c.text);
  run.detail = Int32Array.from(c.detail);
  run.where = Int32Array.from(c.where);
  run.end = run.count ? run.time[run.count - 1] : 0;
  const l = encoded.legs;
  run.legs = {
    count: l.from?.length ?? 0, from: Int32Array.from(l.from ?? []), to: Int32Array.from(l.to ?? []),
    target: Int16Array.from(l.target ?? []), fate: Uint8Array.from(l.fate ?? []),
    reply: Uint8Array.from(l.reply ?? []), fates: l.fates,
  };
  sortLegs(run.legs);
  run.arrival = new Int32Array(run.count).fill(-1); // the leg that ends in a line
  for (let i = 0; i < run.legs.count; i++) if (run.legs.to[i] >= 0) run.arrival[run.legs.to[i]] = i;
  const ch = encoded.changes;
  run.changes = { count: ch.at?.length ?? 0, at: Int32Array.from(ch.at ?? []), lane: Int16Array.from(ch.lane ?? []),
    index: Int32Array.from(ch.index ?? []), term: Int32Array.from(ch.term ?? []), text: Int32Array.from(ch.text ?? []),
    what: (ch.what ?? []).map(n => ch.whats[n]) };
  run.violation = -1;
  const bad = classes.findIndex(k => k.name === "violations");
  for (let i = run.count - 1; i >= 0 && run.violation < 0; i--) if (run.class[i] === bad) run.violation = i;
  run.focus ??= run.violation; // where the page opens: a history is judged long after the answer that is wrong
  run.accused ??= [];
  return run;
}

// sortLegs orders legs by their beginnings, and keeps for each block of them how far they reach, so that those in
// view are found without a look at all.
function sortLegs(legs) {
  const order = Array.from({ length: legs.count }, (_, i) => i).sort((a, b) => legs.from[a] - legs.from[b]);
  for (const name of ["from", "to", "target", "fate", "reply"]) {
    const was = legs[name];
    legs[name] = was.map((_, i) => was[order[i]]);
  }
  legs.block = 256;
  legs.reach = new Int32Array(Math.ceil(legs.count / legs.block));
  for (let i = 0; i < legs.count; i++) {
    const at = Math.floor(i / legs.block);
    const to = legs.to[i] < 0 ? legs.from[i] + 1 : legs.to[i];
    legs.reach[at] = Math.max(legs.reach[at], to);
  }
}

/** legsBetween calls f with each leg that touches the lines from first to last. */
export function legsBetween(legs, first, last, f) {
  for (let b = 0; b < legs.reach.length; b++) {
    const begin = b * legs.block;
    if (legs.from[begin] > last) return;
    if (legs.reach[b] < first) continue;
    const end = Math.min(legs.count, begin + legs.block);
    for (let i = begin; i < end && legs.from[i] <= last; i++) {
      if ((legs.to[i] < 0 ? legs.from[i] : legs.to[i]) >= first) f(i);
    }
  }
}

/** textOf is a line's text. */
export const textOf = (run, i) => run.texts[run.text[i]];

/** detailOf are a line's decoded arguments. */
export const detailOf = (run, i) => run.texts[run.detail[i]];
/** whereOf is the place in the code that a line's message comes from. */
export const whereOf = (run, i) => run.texts[run.where[i]];

/** keyOf is the key that a line of a client is about. */
export const keyOf = (run, i) => run.texts[run.key[i]];

/** seconds writes a virtual time. */
export const seconds = (ns, digits = 6) => (ns / 1e9).toFixed(digits);

/** lineAt is the first line at a time or after it. */
export function lineAt(run, ns) {
  let low = 0, high = run.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (run.time[middle] < ns) low = middle + 1; else high = middle;
  }
  return Math.min(low, run.count - 1);
}
