// The address of an instant: what is shown is kept behind the # of the page's address.

/** readLink returns what the address asks for. */
export function readLink() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(wanted.entries());
}

let waiting = 0;
/** writeLink keeps what is shown in the address, soon. */
export function writeLink(what) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const p = new URLSearchParams();
    for (const [name, value] of Object.entries(what)) if (value !== "" && value !== undefined) p.set(name, value);
    history.replaceState(null, "", "#" + p.toString());
  }, 200);
}
