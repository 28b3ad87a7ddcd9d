// Colours, from the style sheet, for the canvas.

const names = ["ground", "raised", "ink", "dim", "line", "accent", "bad", "good", "vote", "append", "quiet", "snapshot",
  "rpc", "state", "apply", "crash", "network", "client", "note", "print", "violation", "cursor", "mono"];

/** colours reads the style sheet anew, after a change between light and dark. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const c = { dark: document.documentElement.classList.contains("dark") };
  for (const name of names) c[name] = style.getPropertyValue("--" + name).trim();
  return c;
}

/** ofTerm is a term's colour: neighbours differ much. strong is for leaders, the rest is pale. */
export function ofTerm(term, strong, dark) {
  if (!term) return dark ? "#3a424d" : "#d8dde4";
  const hue = (term * 137.5 + 200) % 360;
  if (dark) return `hsl(${hue} ${strong ? 65 : 35}% ${strong ? 55 : 34}%)`;
  return `hsl(${hue} ${strong ? 65 : 50}% ${strong ? 45 : 78}%)`;
}

/** prefer switches to light or dark. */
export function prefer(dark) { document.documentElement.classList.toggle("dark", dark); }
