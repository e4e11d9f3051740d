/** The token of a mailed link: read once, then out of the address bar, of bookmarks and of what is copied from it. */
import { useEffect, useState } from "preact/hooks";

interface LinkState {
  linkToken?: string;
}

/** The token, or null if the address has none. A reload finds it again, until `forgetToken` is called. */
export function useLinkToken(): string | null {
  const [token, setToken] = useState(takeToken);
  useEffect(() => {
    // Another link to the page that is shown changes what follows «#» only, so the page is not loaded again.
    const read = () => setToken(takeToken());
    globalThis.addEventListener("popstate", read);
    return () => globalThis.removeEventListener("popstate", read);
  }, []);
  return token;
}

export function forgetToken(): void {
  history.replaceState(null, "");
}

function takeToken(): string | null {
  const { hash, pathname, search } = globalThis.location;
  // After «#», so that it is in no log of a server.
  const given = new URLSearchParams(hash.slice(1)).get("token");
  if (given === null) return (history.state as LinkState | null)?.linkToken ?? null;
  // The history entry of this tab keeps it; no address shows it and no other page can read it.
  history.replaceState({ linkToken: given } satisfies LinkState, "", pathname + search);
  return given;
}
