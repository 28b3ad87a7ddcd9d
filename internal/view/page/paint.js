// Drawing of a diagram. Only what is in view is looked at, and where more than a row falls into a pixel, only the
// first is drawn.

import { legsBetween, seconds, textOf } from "./data.js";
import { spanAt } from "./state.js";
import { colours, ofTerm } from "./theme.js";

export const HEAD = 40; // height of the lanes' names
const GUTTER = 78; // width of the times
const NARROWEST = 62; // of a lane
const FONT = 12;
const MOST = 5000; // lines that are drawn at once; of more, what says something, and a sample of the rest

// inSample says whether a line or a message is drawn where only one in so many can be. It is the same in each frame, so
// that nothing flickers, and has no period, so that each kind and lane gets its share.
const inSample = (i, every) => every === 1 || (Math.imul(i, 0x9e3779b1) >>> 0) * every < 0x100000000;

let palette = null;
/** forgetColours makes the next painting read the style sheet. */
export function forgetColours() { palette = null; }

/** geometry says where lanes stand. */
export function geometry(d) {
  const width = d.box.clientWidth;
  const n = Math.max(d.shownLanes.length, 1);
  const step = Math.max((width - GUTTER) / n, NARROWEST);
  const beyond = Math.max(0, GUTTER + n * step - width);
  const place = new Map(d.shownLanes.map((lane, k) => [lane, GUTTER + k * step + Math.min(22, step * 0.25) - d.left]));
  return { width, step, beyond, x: lane => place.get(lane) ?? -1000 };
}

/** paint draws a diagram. */
export function paint(d) {
  palette ??= colours();
  const g = geometry(d);
  const ratio = window.devicePixelRatio || 1;
  const p = { d, g, c: palette, x: d.canvas.getContext("2d"), height: d.height + HEAD, run: d.run };
  p.x.setTransform(ratio, 0, 0, ratio, 0, 0);
  p.x.fillStyle = palette.ground;
  p.x.fillRect(0, 0, g.width, p.height);
  p.x.font = `${FONT}px ${palette.mono}`;
  p.char = p.x.measureText("0").width;
  const from = d.top - 20 / d.scale, to = d.top + (d.height + 20) / d.scale;
  [p.first, p.last] = d.axis.range(from, to);
  p.row = d.mode === "even" ? d.scale : Infinity;
  p.every = Math.max(1, (p.last - p.first) / MOST);
  cursorLine(p);
  lanes(p);
  legs(p);
  lines(p);
  times(p);
  head(p);
}

const line = (x, x1, y1, x2, y2) => { x.beginPath(); x.moveTo(x1, y1); x.lineTo(x2, y2); x.stroke(); };

function cursorLine({ d, g, c, x }) {
  const y = d.y(d.chosen);
  const half = d.mode === "even" ? Math.max(d.scale / 2, 2) : 8;
  x.fillStyle = c.cursor;
  x.fillRect(0, y - half, g.width, half * 2);
}

// shade is how strongly a line is drawn: causes in full, the rest dim.
function shade(p, i) {
  const { d, run } = p;
  if (d.marking === "off" || i === d.chosen) return 1;
  if (!d.causes[i]) return 0.28;
  return d.causesFor === run.focus && run.weight[i] === 0 ? 0.6 : 1;
}

// lanes draws the bands: the term by colour, the role by width, a peer that is down or paused by a pattern.
function lanes(p) {
  const { d, g, x, c } = p;
  const end = d.y(d.run.count - 1) + 12; // where the run ends
  const first = p.first < d.axis.visible.length ? d.axis.visible[p.first] : d.run.count - 1;
  for (const lane of d.shownLanes) {
    const spans = d.spans[lane], cx = g.x(lane);
    if (d.run.lanes[lane].peer >= 1000) {
      x.strokeStyle = c.line;
      line(x, cx, HEAD, cx, Math.min(p.height, end));
      continue;
    }
    let labelled = -100;
    for (let k = Math.max(0, spanAt(spans, first) - 1); k < spans.length; k++) {
      const s = spans[k];
      const top = Math.max(k ? d.y(s.from) : HEAD, HEAD);
      const bottom = Math.min(k + 1 < spans.length ? d.y(spans[k + 1].from) : end, p.height);
      if (top > p.height) break;
      if (bottom <= HEAD || bottom - top < 0.3) continue;
      band(p, s, cx, top, bottom);
      if (s.term && bottom - top > 14 && top - labelled > 14 && (k === 0 || spans[k - 1].term !== s.term || top === HEAD)) {
        x.fillStyle = c.dim;
        x.textAlign = "right";
        x.fillText(`t${s.term}`, cx - 10, top + 11);
        x.textAlign = "left";
        labelled = top;
      }
    }
  }
}

function band({ d, x, c }, s, cx, top, bottom) {
  if (!s.up) {
    x.strokeStyle = c.crash;
    x.setLineDash([2, 5]);
    line(x, cx, top, cx, bottom);
    x.setLineDash([]);
    return;
  }
  const half = { leader: 6, candidate: 4, follower: 2.5, none: 1.5 }[s.role];
  x.fillStyle = ofTerm(s.term, s.role === "leader", c.dark);
  if (s.role === "candidate") { // a ladder, so that it is told from others without colour
    for (let y = top; y < bottom; y += 5) x.fillRect(cx - half, y, half * 2, Math.min(3, bottom - y));
  } else {
    x.fillRect(cx - half, top, half * 2, bottom - top);
  }
  if (s.role === "leader") {
    x.strokeStyle = c.ink;
    x.lineWidth = 1;
    line(x, cx - half - 1, top, cx - half - 1, bottom);
    line(x, cx + half + 1, top, cx + half + 1, bottom);
  }
  if (s.paused) {
    x.fillStyle = c.ground;
    for (let y = top; y < bottom; y += 9) x.fillRect(cx - half - 2, y, half * 2 + 4, 4);
  }
}

// legs draws messages. What is usual goes first, so that what is not stands above it.
function legs(p) {
  const { d, run } = p;
  if (p.first >= p.last && d.mode === "even") return;
  const shown = d.axis.visible;
  const from = p.first > 0 ? shown[p.first - 1] : 0;
  const to = p.last < shown.length ? shown[p.last] : run.count - 1;
  const usual = [], unusual = [];
  const seen = new Set();
  legsBetween(run.legs, from, to, i => {
    const a = run.legs.from[i], b = run.legs.to[i];
    if (run.legs.fate[i] === 0 && run.weight[a] < 2 && !inSample(i, p.every)) return;
    if (!d.visible[a] && !(b >= 0 && d.visible[b])) return;
    if (d.hidden.lanes.has(run.lane[a]) || d.hidden.lanes.has(run.legs.target[i])) return;
    const fate = run.legs.fate[i];
    if (p.row < 3) { // one for each pair of lanes and a few pixels is enough
      const key = (((d.y(a) + 4000) >> 2) * 64 + run.lane[a]) * 512 + run.legs.target[i] * 8 + fate;
      if (seen.has(key)) return;
      seen.add(key);
    }
    (fate === 0 ? usual : unusual).push(i);
  });
  for (const i of usual) leg(p, i);
  for (const i of unusual) leg(p, i);
}

function leg(p, i) {
  const { d, g, c, x, run } = p;
  const a = run.legs.from[i], b = run.legs.to[i], fate = run.legs.fates[run.legs.fate[i]];
  const sender = run.lane[a], target = run.legs.target[i];
  if (sender < 0 || target < 0 || sender === target) return;
  let x1 = g.x(sender), y1 = d.y(a), x2 = g.x(target);
  const way = x2 > x1 ? 1 : -1;
  let y2 = b >= 0 ? d.y(b) : y1 + 12;
  x1 += 7 * way;
  x2 -= 8 * way;
  if (fate === "lost" || fate === "underway") { // it ends on its way
    x2 = x1 + (x2 - x1) * 0.4;
    y2 = y1 + Math.min(10, Math.max(0, y2 - y1));
  }
  if (Math.max(y1, y2) < HEAD || Math.min(y1, y2) > p.height) return;
  const style = run.classes[run.class[a]].style;
  x.globalAlpha = Math.max(shade(p, a), b >= 0 ? shade(p, b) : 0) * (p.row < 3 && fate === "arrives" ? 0.15 : 1);
  x.strokeStyle = x.fillStyle = fate === "lost" || fate === "refused" ? c.bad : c[style];
  x.lineWidth = d.marking !== "off" && run.weight[a] >= 2 && d.causes[a] ? 2.2 : 1.1;
  if (fate === "late") x.setLineDash([9, 4]);
  else if (run.legs.reply[i]) x.setLineDash([1.5, 3]);
  line(x, x1, y1, x2, y2);
  x.setLineDash([]);
  if (fate === "duplicate") line(x, x1, y1 + 3, x2, y2 + 3);
  if (p.row >= 3 || fate !== "arrives") end(x, fate, x2, y2, Math.atan2(y2 - y1, x2 - x1));
  x.globalAlpha = 1;
}

// end draws the end of a message: a head if it arrives, hollow if it is late, two for a duplicate, a bar if it says
// no, a cross if it is lost.
function end(x, fate, px, py, angle) {
  x.save();
  x.translate(px, py);
  x.rotate(angle);
  x.beginPath();
  switch (fate) {
    case "lost": x.moveTo(-4, -4); x.lineTo(4, 4); x.moveTo(-4, 4); x.lineTo(4, -4); x.lineWidth = 2; x.stroke(); break;
    case "underway": x.arc(0, 0, 2, 0, 7); x.stroke(); break;
    case "refused": x.moveTo(0, -5); x.lineTo(0, 5); x.lineWidth = 2.5; x.stroke(); break;
    default:
      x.moveTo(0, 0); x.lineTo(-7, -3.5); x.lineTo(-7, 3.5); x.closePath();
      if (fate === "duplicate") { x.moveTo(-7, 0); x.lineTo(-14, -3.5); x.lineTo(-14, 3.5); x.closePath(); }
      if (fate === "late") x.stroke(); else x.fill();
  }
  x.restore();
}

// lines draws a sign for each line and, where there is room, its text.
function lines(p) {
  const { d, g, c, x, run } = p;
  const taken = new Map(); // lane -> where its last text ends, so that texts do not cover each other
  const texts = p.row >= 11;
  const drawn = new Int32Array(run.lanes.length + 1).fill(-1000); // where the last sign of each lane is
  for (let k = p.first; k < p.last; k++) {
    const i = d.axis.visible[k];
    if (run.weight[i] < 2 && !inSample(i, p.every)) continue;
    const lane = run.lane[i], y = d.y(i);
    if (y < HEAD - 8) continue;
    const style = run.classes[run.class[i]].style;
    if (!texts && i !== run.violation && y - drawn[lane + 1] < 1.5 && run.weight[i] < 3) continue;
    drawn[lane + 1] = y;
    x.globalAlpha = shade(p, i);
    if (lane < 0) { across(p, i, y, style, taken); continue; }
    const cx = g.x(lane);
    if (cx < GUTTER - 20 || cx > g.width + 20) continue;
    x.fillStyle = x.strokeStyle = c[style];
    sign(x, style === "crash" && textOf(run, i).includes("START") ? "state" : style, cx, y, texts);
    if (d.marking !== "off" && run.weight[i] === 3 && d.causes[i]) {
      x.strokeStyle = c.bad;
      x.lineWidth = 1.5;
      x.beginPath(); x.arc(cx, y, 9, 0, 7); x.stroke();
    }
    if (!texts || y - (taken.get(lane) ?? -100) < 12) continue;
    taken.set(lane, y);
    label(p, textOf(run, i), cx, y, c[style === "quiet" ? "dim" : style]);
  }
  x.globalAlpha = 1;
}

function across(p, i, y, style, taken) {
  const { g, c, x, run, d } = p;
  x.strokeStyle = x.fillStyle = c[style];
  x.lineWidth = style === "violation" ? 2 : 1;
  x.setLineDash(style === "violation" ? [] : [4, 4]);
  line(x, GUTTER - 6, y, g.width, y);
  x.setLineDash([]);
  if (p.row < 11 && style !== "violation" || y - (taken.get(-1) ?? -100) < 12) return;
  taken.set(-1, y);
  const clear = style === "violation" ? c.bad : null;
  const room = Math.floor((g.width - GUTTER - 20) / p.char);
  const whole = textOf(run, i);
  const text = shorten(whole.length > room ? whole.replace("VIOLATION: ", "") : whole, room);
  x.fillStyle = clear ?? (i === d.chosen ? c.cursor : c.ground);
  const alpha = x.globalAlpha;
  x.globalAlpha = 1;
  x.fillRect(GUTTER - 2, y - 8, text.length * p.char + 10, 16);
  x.globalAlpha = alpha;
  x.fillStyle = clear ? c.ground : c[style];
  x.fillText(text, GUTTER + 3, y + 4);
}

const shorten = (text, room) => text.length <= room ? text : text.slice(0, Math.max(room - 1, 1)) + "…";

// abbreviate leaves more room for what decides.
const abbreviate = text => text.replace("AppendEntries", "AE").replace("RequestVote", "RV").replace("InstallSnapshot", "IS")
  .replace("reply ", "").replace("entries ", "").replace(/\(term (\d+)\)/g, "(t$1)").replace("term ", "t");

// label writes the text of a line beside its lane. Lanes may be narrow, and a row has one text only, so it may go
// on across other lanes; at the right edge, where it would be cut, it stands on the left if there is more room.
function label({ x, g, c, char, row }, text, cx, y, colour) {
  const right = g.width - cx - 14, most = row === Infinity ? g.step - 20 : Math.max(g.step - 20, 44 * char);
  const wants = Math.min(abbreviate(text).length * char, most);
  const turned = right < 24 * char && right < wants && cx - GUTTER - 14 > right && row !== Infinity;
  const room = Math.floor(Math.min(most, turned ? cx - GUTTER - 14 : right) / char);
  if (room < 6) return;
  x.lineWidth = 5;
  x.strokeStyle = c.ground;
  const alpha = x.globalAlpha;
  x.globalAlpha = Math.min(1, alpha * 1.3);
  const shown = shorten(text.length > room ? abbreviate(text) : text, room);
  const left = turned ? cx - 13 - shown.length * char : cx + 13;
  x.lineJoin = "round";
  x.strokeText(shown, left, y + 4);
  x.fillStyle = colour;
  x.fillText(shown, left, y + 4);
  x.globalAlpha = alpha;
}

// sign draws what stands for an event on its lane: another shape for each class.
function sign(x, style, cx, y, large) {
  const r = large ? 4.5 : 2.5;
  x.lineWidth = 1.5;
  x.beginPath();
  switch (style) {
    case "vote": x.moveTo(cx, y - r - 1); x.lineTo(cx + r + 1, y); x.lineTo(cx, y + r + 1); x.lineTo(cx - r - 1, y); x.closePath(); x.fill(); break;
    case "append": x.fillRect(cx - r + 0.5, y - r + 0.5, 2 * r - 1, 2 * r - 1); break;
    case "apply": x.moveTo(cx - r, y); x.lineTo(cx - 1, y + r - 1); x.lineTo(cx + r + 1, y - r); x.lineWidth = 2.5; x.stroke(); break;
    case "crash": x.moveTo(cx - r, y - r); x.lineTo(cx + r, y + r); x.moveTo(cx - r, y + r); x.lineTo(cx + r, y - r); x.lineWidth = 2.5; x.stroke(); break;
    case "state": x.arc(cx, y, r, 0, 7); x.stroke(); break;
    case "snapshot": x.strokeRect(cx - r, y - r, 2 * r, 2 * r); break;
    case "client": x.moveTo(cx - r, y - r); x.lineTo(cx + r, y); x.lineTo(cx - r, y + r); x.closePath(); x.fill(); break;
    case "print": x.moveTo(cx - 2, y - r + 1); x.lineTo(cx + 2, y); x.lineTo(cx - 2, y + r - 1); x.stroke(); break;
    default: x.arc(cx, y, r * 0.6, 0, 7); x.fill();
  }
}

// times writes the virtual time beside rows, or a scale.
function times(p) {
  const { d, x, c, run } = p;
  x.fillStyle = c.ground;
  x.fillRect(0, HEAD, GUTTER - 8, p.height);
  cursorTime(p);
  x.fillStyle = c.dim;
  let last = -100, told = -1;
  if (d.mode === "time") {
    const step = niceStep(60 / d.scale);
    const digits = Math.max(0, Math.min(9, 9 - Math.floor(Math.log10(step))));
    for (let t = Math.ceil(Math.max(d.top, 0) / step) * step; t <= run.end; t += step) {
      const y = HEAD + (t - d.top) * d.scale;
      if (y > p.height) break;
      x.fillText(seconds(t, digits).slice(0, 11), 6, y + 4);
      x.fillRect(GUTTER - 12, y, 4, 1);
    }
    return;
  }
  const apart = p.row === Infinity ? 1 : Math.max(1, Math.floor(13 / p.row)); // rows from one time to the next
  for (let k = p.first; k < p.last; k += apart) {
    const i = d.axis.visible[k], y = d.y(i);
    if (y - last < 13 || run.time[i] === told) continue;
    x.fillText(seconds(run.time[i]), 6, y + 4);
    last = y; told = run.time[i];
  }
}

function cursorTime({ d, x, c }) {
  const y = d.y(d.chosen);
  x.fillStyle = c.cursor;
  x.fillRect(0, y - 8, GUTTER - 8, 16);
}

function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  for (const m of [1, 2, 5]) if (m * power >= least) return m * power;
  return 10 * power;
}

// head writes the names of the lanes, with what the peer is at the cursor.
function head(p) {
  const { d, g, c, x, run } = p;
  x.fillStyle = c.raised;
  x.fillRect(0, 0, g.width, HEAD);
  x.fillStyle = c.line;
  x.fillRect(0, HEAD - 1, g.width, 1);
  const wide = g.step > 110;
  for (const lane of d.shownLanes) {
    if (g.x(lane) < GUTTER - 4) continue; // scrolled away, as its band is
    const l = run.lanes[lane], at = g.x(lane) - 8, room = Math.floor((g.step - 6) / p.char);
    x.fillStyle = run.accused.includes(lane) ? c.bad : c.ink;
    x.font = `bold ${FONT}px ${c.mono}`;
    x.fillText(shorten((wide ? l.name : l.short) + (run.accused.includes(lane) ? " *" : ""), room), at, 16);
    x.font = `${FONT}px ${c.mono}`;
    const span = d.spans[lane][spanAt(d.spans[lane], d.chosen)];
    let what = l.group ?? "";
    if (l.peer < 1000 && span.term) what = `${span.up ? span.paused ? "paused" : span.role : "down"}, term ${span.term}`;
    if (!wide && span.term) what = `${span.up ? { leader: "L", candidate: "C", follower: "F" }[span.role] ?? "" : "x"} ${span.term}`;
    x.fillStyle = c.dim;
    x.fillText(shorten(what, room), at, 32);
  }
  x.fillStyle = c.dim;
  x.fillText("seconds", 6, 16);
}
