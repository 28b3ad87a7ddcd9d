// One diagram: a canvas, what of its run is in view, and what the pointer does to it.

import { lineAt } from "./data.js";
import { Axis } from "./axis.js";
import { causesOf, spansOf } from "./state.js";
import { visibleLines } from "./filter.js";
import { paint, geometry, HEAD } from "./paint.js";

const ROW = 18; // pixels of a row at first
const NEAREST = 1 / 50; // pixels per nanosecond, at most: a microsecond takes 20

export class Diagram {
  /** @param {object} run @param {object} on what to tell: chosen(line, diagram), moved(diagram) */
  constructor(run, on) {
    this.run = run;
    this.on = on;
    this.spans = spansOf(run);
    this.box = document.createElement("div");
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", `space-time diagram of ${run.title}; press ? for the keys`);
    this.box.append(this.canvas);
    this.chosen = Math.max(run.focus, 0);
    this.causes = causesOf(run, run.focus);
    this.causesFor = run.focus;
    this.marking = run.focus >= 0 ? "mark" : "off";
    this.hidden = { classes: new Set(), lanes: new Set() };
    this.tests = [];
    this.mode = "even";
    this.left = 0;
    this.frames = [];
    new ResizeObserver(() => this.resize()).observe(this.box);
    this.listen();
  }

  /** refilter works out anew which lines are shown, and stays at the place in view. */
  refilter() {
    const only = this.marking === "only" ? this.causes : null;
    this.visible = visibleLines(this.run, this.tests, this.hidden, only);
    this.shownLanes = this.run.lanes.map((_, i) => i).filter(i => !this.hidden.lanes.has(i));
    const place = this.axis && this.y(this.chosen);
    this.axis = new Axis(this.run, this.visible, this.mode);
    this.scale ??= ROW;
    if (place !== undefined) this.top = this.axis.of(this.chosen) - (place - HEAD) / this.scale;
    this.clamp();
    this.repaint();
  }

  /** setMode changes the spacing. */
  setMode(mode) {
    if (mode === this.mode) return;
    const [first, last] = this.window();
    this.mode = mode;
    this.axis = new Axis(this.run, this.visible, mode);
    const span = mode === "even" ? this.height / ROW : Math.max(last - first, 1e6);
    this.scale = this.height / span;
    this.center(this.chosen);
  }

  // window are the times at the top and the bottom.
  window() {
    const t = this.axis.timeAt(this.top), b = this.axis.timeAt(this.top + this.height / this.scale);
    return [t, b];
  }

  get height() { return Math.max(this.box.clientHeight - HEAD, 50); }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = this.box.clientWidth * ratio;
    this.canvas.height = this.box.clientHeight * ratio;
    if (!this.placed) {
      this.placed = true;
      this.center(this.chosen, this.chosen === this.run.focus ? 0.8 : 0.1);
      this.showLane(this.run.lane[this.chosen]);
    }
    this.clamp();
    this.draw(); // now: its new size has made the canvas empty
  }

  /** y is where a line stands on the canvas. */
  y(line) { return HEAD + (this.axis.of(line) - (this.top ?? 0)) * this.scale; }

  clamp() {
    const room = this.height / this.scale;
    const slack = Math.min(room * 0.15, this.axis.length * 0.5);
    this.top = Math.max(-slack, Math.min(this.top ?? 0, Math.max(this.axis.length - room + slack, -slack)));
  }

  /** center brings a line into view, at a part of the height. */
  center(line, part = 0.5) {
    this.top = this.axis.of(line) - this.height * part / this.scale;
    this.clamp();
    this.repaint();
    this.on.moved?.(this);
  }

  /** reveal scrolls no more than it has to. */
  reveal(line) {
    const y = this.y(line);
    if (y < HEAD + 30) this.center(line, 0.2);
    else if (y > HEAD + this.height - 30) this.center(line, 0.8);
    else this.repaint();
  }

  scroll(pixels) {
    this.top += pixels / this.scale;
    this.clamp();
    this.repaint();
    this.on.moved?.(this);
  }

  /** zoom changes the scale; what is at y stays there. */
  zoom(factor, y = this.y(this.chosen)) {
    if (y < HEAD || y > HEAD + this.height) y = HEAD + this.height / 2;
    const place = this.top + (y - HEAD) / this.scale;
    const least = this.height / Math.max(this.axis.length, 1) * 0.9;
    const most = this.mode === "even" ? 48 : NEAREST;
    this.scale = Math.max(Math.min(least, most), Math.min(most, this.scale * factor));
    this.top = place - (y - HEAD) / this.scale;
    this.clamp();
    this.repaint();
    this.on.moved?.(this);
  }

  /** fit shows the whole run. */
  fit() {
    this.scale = this.height / Math.max(this.axis.length, 1) * 0.95;
    this.top = 0;
    this.clamp();
    this.repaint();
    this.on.moved?.(this);
  }

  /** choose puts the cursor on a line. */
  choose(line, quiet = false) {
    this.chosen = Math.max(0, Math.min(this.run.count - 1, line));
    this.repaint();
    if (!quiet) this.on.chosen?.(this.chosen, this);
  }

  /** explain marks what the chosen line depends on. */
  explain(line) {
    this.causesFor = line;
    this.causes = causesOf(this.run, line);
    if (this.marking === "off") this.marking = "mark";
    this.refilter();
  }

  /** step goes to the next visible line, or the next one on the same lane. */
  step(by, sameLane = false) {
    const shown = this.axis.visible;
    let k = this.axis.rank[this.chosen];
    if (by < 0 || this.visible[this.chosen]) k += by;
    const lane = this.run.lane[this.chosen];
    while (sameLane && k >= 0 && k < shown.length && this.run.lane[shown[k]] !== lane) k += by;
    if (k < 0 || k >= shown.length) return;
    this.choose(shown[k]);
    this.reveal(this.chosen);
  }

  /** hit is the line at a point of the canvas: the nearest in the row, or by way of a message's arrow. */
  hit(x, y) {
    const g = geometry(this);
    const place = this.top + (y - HEAD) / this.scale;
    const reach = 12 / this.scale;
    const [first, last] = this.axis.range(place - reach, place + reach);
    let best = -1, distance = Infinity;
    for (let k = first; k < last; k++) {
      const line = this.axis.visible[k];
      const dy = Math.abs(this.y(line) - y);
      const lane = this.run.lane[line];
      const dx = lane < 0 ? 0 : Math.max(0, g.x(lane) - 12 - x, x - g.x(lane) - g.step);
      const d = dy * 3 + dx * 0.2;
      if (d < distance) { distance = d; best = line; }
    }
    return best;
  }

  repaint() {
    if (this.asked || !this.placed) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  draw() {
    const began = performance.now();
    paint(this);
    this.frames.push(performance.now() - began);
    if (this.frames.length > 1000) this.frames.shift();
  }

  listen() {
    const c = this.canvas;
    c.addEventListener("wheel", e => {
      e.preventDefault();
      const y = e.offsetY;
      if (e.ctrlKey || e.metaKey) this.zoom(Math.exp(-e.deltaY / 300), y);
      else if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) this.pan(e.deltaX || e.deltaY);
      else this.scroll(e.deltaMode === 1 ? e.deltaY * 20 : e.deltaY);
    }, { passive: false });
    let drag = null;
    c.addEventListener("pointerdown", e => {
      c.setPointerCapture(e.pointerId);
      drag = { y: e.offsetY, x: e.offsetX, moved: false };
    });
    c.addEventListener("pointermove", e => {
      if (!drag) return;
      const dy = e.offsetY - drag.y, dx = e.offsetX - drag.x;
      if (!drag.moved && Math.abs(dy) + Math.abs(dx) < 5) return;
      drag = { y: e.offsetY, x: e.offsetX, moved: true };
      this.scroll(-dy);
      this.pan(-dx);
    });
    c.addEventListener("pointerup", e => {
      if (drag && !drag.moved) {
        const line = this.hit(e.offsetX, e.offsetY);
        if (line >= 0) this.choose(line);
      }
      drag = null;
    });
    c.addEventListener("pointercancel", () => { drag = null; });
    c.addEventListener("dblclick", () => this.explain(this.chosen));
    c.addEventListener("focus", () => this.on.focused?.(this));
  }

  /** pan moves sideways, where there are more lanes than room. */
  pan(pixels) {
    this.left = Math.max(0, Math.min(geometry(this).beyond, this.left + pixels));
    this.repaint();
  }

  /** showLane pans until a lane and its texts are in view. */
  showLane(lane) {
    const g = geometry(this);
    if (lane >= 0 && g.x(lane) + g.step * 2 > g.width) this.pan(g.x(lane) + g.step * 2 - g.width);
  }

  /** goTo brings a time to the middle and the cursor to its first line. */
  goTo(ns) {
    this.choose(lineAt(this.run, ns), true);
    this.center(this.chosen);
  }
}
