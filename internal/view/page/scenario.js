// The lines of a scenario (docs/shrink.md) that are about an event: what would happen if this message were lost?

import { legsBetween } from "./data.js";

/** scenarioLines are those about the line i: a message, or a fault of the case. */
export function scenarioLines(run, i) {
  const fault = run.texts[run.fault[i]];
  if (fault) return [`leave out ${fault}`];
  const leg = legOf(run, i);
  if (leg < 0 || !run.number[run.legs.from[leg]]) return [];
  const { legs } = run, reply = legs.reply[leg];
  const here = name(run, run.lane[legs.from[leg]]), there = name(run, legs.target[leg]);
  const call = `${run.number[legs.from[leg]]} of ${reply ? `${there}->${here}` : `${here}->${there}`}`;
  if (reply) return [`lose reply ${call}`, `hold reply ${call} for 300ms`, `leave alone ${call}`];
  return [`lose request ${call}`, `hold request ${call} for 300ms`, `repeat request ${call} after 100ms`, `leave alone ${call}`];
}

// legOf is the way of the message that arrives in a line, or begins there; -1 if it is about none.
function legOf(run, i) {
  if (run.arrival[i] >= 0) return run.arrival[i];
  let found = -1;
  legsBetween(run.legs, i, i, leg => { if (run.legs.from[leg] === i && found < 0) found = leg; });
  return found;
}

function name(run, lane) {
  const { peer } = run.lanes[lane];
  return peer >= 1000 ? `c${peer - 1000}` : peer;
}
