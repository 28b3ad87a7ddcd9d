// A diagram as text, for a message to somebody else.

import { textOf, detailOf, seconds } from "./data.js";

/** asText writes the lines in view, one below the other. */
export function asText(d) {
  const run = d.run;
  const [first, last] = d.axis.range(d.top, d.top + d.height / d.scale);
  const rows = [`${run.title}: ${run.verdict}`, ...(run.message ?? [])];
  for (let k = first; k < last && rows.length < 5000; k++) {
    const i = d.axis.visible[k], lane = run.lane[i];
    const who = lane < 0 ? "--" : run.lanes[lane].short;
    rows.push(`${seconds(run.time[i]).padStart(12)}  ${who.padEnd(4)} ${textOf(run, i)} ${detailOf(run, i)}`.trimEnd());
  }
  return rows.join("\n") + "\n";
}

/** copy puts a text on the clipboard, in pages without a server as well. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const before = document.activeElement;
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    before?.focus();
    return done;
  }
}
