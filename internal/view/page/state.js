// What the peers are known to hold at a line, and what a line depends on.

/** causesOf marks the lines that happened before a line: its lane's earlier ones, the sender's of a message that
 * arrived, and theirs in turn. A violation stands in no lane; it depends on the peers and clients that it names, and
 * so does the answer that it is about. */
export function causesOf(run, line) {
  const marked = new Uint8Array(run.count);
  if (line < 0) return marked;
  const latest = new Int32Array(run.lanes.length).fill(-1); // the last line of each lane that is a cause
  marked[line] = 1;
  if (run.lane[line] >= 0) latest[run.lane[line]] = line;
  let roots = [];
  if (line === run.focus || run.lane[line] < 0) roots = run.accused;
  if (run.lane[line] < 0 && !roots.length) roots = run.lanes.map((_, i) => i);
  for (const lane of roots) latest[lane] = line;
  for (let i = line; i >= 0; i--) {
    const lane = run.lane[i];
    if (lane < 0) { // what the case does to the network has no lane, and may be a cause of all
      marked[i] = 1;
      continue;
    }
    if (i > latest[lane]) continue;
    marked[i] = 1;
    const leg = run.arrival[i];
    if (leg < 0) continue;
    const from = run.legs.from[leg];
    const sender = run.lane[from];
    if (sender >= 0 && from > latest[sender]) latest[sender] = from;
  }
  return marked;
}

const fresh = () => ({ up: true, paused: false, role: "follower", term: 0, vote: null, log: new Map(), last: 0,
  commit: 0, applied: 0, base: 0, changed: -1 });

/** Replay follows the state of all lanes, forwards from line to line; backwards it begins anew. */
export class Replay {
  constructor(run) { this.run = run; this.reset(); }

  reset() {
    this.next = 0;
    this.lanes = this.run.lanes.map(fresh);
  }

  /** at returns the states right after a line. */
  at(line) {
    const c = this.run.changes;
    if (this.next > 0 && c.at[this.next - 1] > line) this.reset();
    for (; this.next < c.count && c.at[this.next] <= line; this.next++) this.apply(this.next);
    return this.lanes;
  }

  apply(i) {
    const c = this.run.changes, lane = c.lane[i], index = c.index[i], term = c.term[i];
    if (lane < 0) return;
    if (c.what[i] === "fresh") this.lanes[lane] = fresh();
    const s = this.lanes[lane];
    s.changed = c.at[i];
    switch (c.what[i]) {
      case "down": s.up = false; s.paused = false; s.role = "follower"; s.commit = s.applied = s.base; break;
      case "up": s.up = true; break;
      case "paused": s.paused = true; break;
      case "resumed": s.paused = false; break;
      case "follower": case "candidate": case "leader": s.role = c.what[i]; s.term = term; break;
      case "vote": s.vote = { term, whom: index }; break;
      case "entry": s.log.set(index, { term, command: this.run.texts[c.text[i]] }); s.last = Math.max(s.last, index); break;
      case "truncated":
        for (let k = index; k <= s.last; k++) s.log.delete(k);
        s.last = index - 1;
        break;
      case "commit": s.commit = Math.max(s.commit, index); break;
      case "applied": s.applied = index; break;
      case "snapshot": s.base = Math.max(s.base, index); s.last = Math.max(s.last, index); s.applied = Math.max(s.applied, index); break;
    }
  }
}

/** spansOf cuts each lane into spans of one role and term, for its colour: {from, role, term, up, paused}. */
export function spansOf(run) {
  const spans = run.lanes.map(() => [{ from: 0, role: "none", term: 0, up: true, paused: false }]);
  const replay = new Replay(run);
  const c = run.changes;
  for (let i = 0; i < c.count; i++) {
    const lane = c.lane[i];
    if (lane < 0 || ["entry", "truncated", "commit", "applied", "snapshot", "vote"].includes(c.what[i])) continue;
    replay.apply(i);
    const s = replay.lanes[lane];
    spans[lane].push({ from: c.at[i], role: s.role, term: s.term, up: s.up, paused: s.paused });
  }
  return spans;
}

/** spanAt finds the span of a lane at a line. */
export function spanAt(spans, line) {
  let low = 0, high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle].from <= line) low = middle + 1; else high = middle;
  }
  return Math.max(0, low - 1);
}
