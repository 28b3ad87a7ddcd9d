// The keyboard, and the page that explains it.

import { make } from "./panel.js";

/** signs explains how messages and lanes are drawn. */
const signs = [
  ["──▶", "a request arrives"], ["···▶", "a reply arrives"], ["──✕", "lost, in red; where it would have ended does not show"],
  ["···▌", "a reply that refuses, in red"], ["─ ─▷", "late: 100 ms or more on its way"], ["══▶▶", "the same request once more"],
  ["wide band", "leads; the colour is the term"], ["ladder", "is a candidate"], ["narrow band", "follows"],
  ["dotted red", "has crashed"], ["band with gaps", "is paused"], ["red ring", "an event that the verdict could be read off"],
  ["RV, AE, IS", "RequestVote, AppendEntries, InstallSnapshot, where there is little room"],
  ["pale", "did not happen before the violation, or says nothing about it"],
];

/** Keys binds keys to commands: [keys, what it does, function]. */
export class Keys {
  constructor(commands, dialog) {
    this.dialog = dialog;
    this.commands = [...commands, [["?"], "this page", () => this.help()]];
    document.addEventListener("keydown", e => this.pressed(e));
  }

  pressed(e) {
    const typing = e.target.matches?.("input:not([type=range]), select, textarea");
    if (e.key === "Escape" && typing) {
      e.preventDefault(); // the browser would forget what is searched for, and n goes on with it
      e.target.blur();
      return;
    }
    if (typing || e.ctrlKey || e.metaKey || e.altKey || this.dialog.open) return;
    if (e.target.matches?.("input[type=range], button, summary, li") && ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", " ", "Enter"].includes(e.key)) return;
    const command = this.commands.find(([keys]) => keys.includes(e.key));
    if (!command) return;
    e.preventDefault();
    command[2]();
  }

  help() {
    const rows = this.commands.map(([keys, what]) => make("tr", {},
      make("td", {}, ...keys.map(k => make("kbd", {}, k === " " ? "space" : k.replace("Arrow", "")))), make("td", {}, what)));
    const drawn = signs.map(([sign, what]) => make("tr", {}, make("td", {}, sign), make("td", {}, what)));
    const close = make("button", {}, "close");
    close.addEventListener("click", () => this.dialog.close());
    this.dialog.replaceChildren(
      make("h2", {}, "Keys"), make("table", {}, ...rows), make("h2", {}, "Signs"), make("table", {}, ...drawn),
      make("h2", {}, "Filters"), make("p", {}, "Words that all have to hold: peer:0,c1  kind:votes,applies  -kind:prints  term:9  index:4  key:x  from:5.8  to:6; any other word is looked for in the text."),
      make("p", {}, "The wheel scrolls, with Ctrl it zooms, with Shift it goes sideways. A double click marks what an event depends on."),
      close);
    this.dialog.showModal();
    this.dialog.scrollTop = 0; // the button has the focus, at the end
  }
}
