/** The token of a mailed link: read once, then out of the address bar, of bookmarks and of what is copied from it. */
import { useState } from "preact/hooks";

interface LinkState {
  linkToken?: string;
}

/** The token, or null if the address has none. A reload finds it again, until `forget` is called. */
export function useLinkToken(): { token: string | null; forget: () => void } {
  const [token] = useState(takeToken);
  return { token, forget: () => history.replaceState(null, "") };
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
