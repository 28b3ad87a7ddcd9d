// The vertical axis: where a line stands. Either each visible line has a row of its own, so that nothing covers
// anything, or the distance is virtual time.

export class Axis {
  /** @param {object} run @param {Uint8Array} visible @param {"even"|"time"} mode */
  constructor(run, visible, mode) {
    this.run = run;
    this.mode = mode;
    this.rank = new Int32Array(run.count + 1); // visible lines before a line
    let n = 0;
    for (let i = 0; i < run.count; i++) {
      this.rank[i] = n;
      n += visible[i];
    }
    this.rank[run.count] = n;
    this.visible = new Int32Array(n);
    for (let i = 0, k = 0; i < run.count; i++) if (visible[i]) this.visible[k++] = i;
  }

  /** length is where the axis ends. */
  get length() { return this.mode === "even" ? this.visible.length : this.run.end + 1; }

  /** of is the place of a line. */
  of(line) { return this.mode === "even" ? this.rank[line] + 0.5 : this.run.time[line]; }

  /** ofTime is the place of a time. */
  ofTime(ns) {
    if (this.mode === "time") return ns;
    return this.firstFrom(k => this.run.time[this.visible[k]] >= ns);
  }

  /** timeAt is the time at a place. */
  timeAt(place) {
    if (this.mode === "time") return place;
    const n = this.visible.length;
    return n ? this.run.time[this.visible[Math.max(0, Math.min(n - 1, Math.floor(place)))]] : 0;
  }

  /** range are the positions in visible that stand between two places: first to last, last not included. */
  range(from, to) {
    const n = this.visible.length;
    if (this.mode === "even") return [Math.max(0, Math.min(n, Math.floor(from))), Math.max(0, Math.min(n, Math.ceil(to)))];
    return [this.firstFrom(k => this.run.time[this.visible[k]] >= from), this.firstFrom(k => this.run.time[this.visible[k]] > to)];
  }

  // firstFrom finds the first position for which is holds, which holds for all after it.
  firstFrom(is) {
    let low = 0, high = this.visible.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (is(middle)) high = middle; else low = middle + 1;
    }
    return low;
  }
}
