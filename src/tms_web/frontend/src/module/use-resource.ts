/** Data of the API that a component shows, read again at intervals while the page is visible. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Resource<T> {
  /** What was read last; kept while it is read again, and after a failure. */
  data: T | undefined;
  /** Why the last attempt failed, or null. */
  error: unknown;
  isLoading: boolean;
  /** When `data` was read, in milliseconds. */
  readAt: number | null;
  reload: () => Promise<void>;
}

/** `key` names what `read` reads: another key starts anew. Without `every` (milliseconds) it is read once. */
export function useResource<T>(
  key: string,
  read: (signal: AbortSignal) => Promise<T>,
  options: { every?: number } = {},
): Resource<T> {
  const { every } = options;
  const [state, setState] = useState<{ key: string; data?: T; error: unknown; readAt: number | null }>({
    key,
    error: null,
    readAt: null,
  });
  const [isLoading, setLoading] = useState(false);
  const current = useRef(read);
  current.current = read;
  const running = useRef<AbortController | null>(null);

  const reload = useCallback(async () => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setLoading(true);
    try {
      const data = await current.current(controller.signal);
      if (!controller.signal.aborted) setState({ key, data, error: null, readAt: Date.now() });
    } catch (error) {
      if (!controller.signal.aborted) setState((before) => ({ ...(before.key === key ? before : empty(key)), error }));
    } finally {
      if (running.current === controller) setLoading(false);
    }
  }, [key]);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const next = async () => {
      clearTimeout(timer);
      await reload();
      if (!isOver && every && !document.hidden) timer = setTimeout(next, every);
    };
    // Hidden pages ask nothing; one that is shown again is up to date at once.
    const follow = () => (document.hidden ? clearTimeout(timer) : void next());
    void next();
    if (every) document.addEventListener("visibilitychange", follow);
    return () => {
      isOver = true;
      clearTimeout(timer);
      running.current?.abort();
      document.removeEventListener("visibilitychange", follow);
    };
  }, [reload, every]);

  const shown = state.key === key ? state : empty<T>(key);
  return { data: shown.data, error: shown.error, readAt: shown.readAt, isLoading, reload };
}

function empty<T>(key: string): { key: string; data?: T; error: unknown; readAt: number | null } {
  return { key, error: null, readAt: null };
}
