// The address of an instant: what is shown is kept behind the # of the page's address.

/** readLink returns what the address asks for. */
export function readLink() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(wanted.entries());
}

let waiting = 0, known = location.hash;
/** writeLink keeps what is shown in the address, soon; unless the page has been given another one by then, which it is
 * about to go to. */
export function writeLink(what) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    if (location.hash !== known) return;
    const p = new URLSearchParams();
    for (const [name, value] of Object.entries(what)) if (value !== "" && value !== undefined) p.set(name, value);
    history.replaceState(null, "", "#" + p.toString());
    known = location.hash;
  }, 200);
}
