/** Data of a section: loaded at first, and again when the user comes back to the page. */
import { useEffect, useRef, useState } from "preact/hooks";

export interface Loaded<T> {
  data: T | null;
  /** Why there is nothing to show; a failed later attempt leaves what is shown. */
  error: unknown;
  reload: () => Promise<void>;
  /** Shows other data at once, as after a change. */
  show: (data: T) => void;
}

export function useLoaded<T>(load: () => Promise<T>): Loaded<T> {
  const [data, setData] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const latest = useRef(0);
  const reload = async () => {
    const turn = ++latest.current;
    setError(null);
    try {
      const found = await load();
      if (turn === latest.current) setData(found);
    } catch (cause) {
      if (turn === latest.current) setError(cause);
    }
  };
  const show = (next: T) => {
    // An answer that is on its way is older.
    latest.current++;
    setData(next);
  };
  useEffect(() => {
    void reload();
    const onReturn = () => document.visibilityState === "visible" && void reload();
    document.addEventListener("visibilitychange", onReturn);
    return () => {
      latest.current++;
      document.removeEventListener("visibilitychange", onReturn);
    };
  }, []);
  return { data, error: data === null ? error : null, reload, show };
}
