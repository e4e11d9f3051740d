import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { api, type HistoryEvent } from "tms/api";
import { onReset } from "tms/store";

export const PAGE_SIZE = 20;

export interface History {
  /** Newest first; null until they are loaded. */
  events: readonly HistoryEvent[] | null;
  hasOlder: boolean;
  error: unknown;
  isLoadingOlder: boolean;
  loadOlder: () => void;
  reload: () => void;
}

/** The history of a task; read again when the task gets another version, by whomever. */
export function useHistory(id: number, version: number | undefined): History {
  const [events, setEvents] = useState<readonly HistoryEvent[] | null>(null);
  const [hasOlder, setHasOlder] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isLoadingOlder, setLoadingOlder] = useState(false);
  const present = useRef<readonly HistoryEvent[]>([]);
  const request = useRef<AbortController | null>(null);

  const reload = useCallback(() => {
    if (id < 0) return;
    request.current?.abort();
    const controller = new AbortController();
    const { signal } = controller;
    request.current = controller;
    read(id, {}, signal).then(
      (newest) => {
        // Without an overlap, events between both would be missing.
        const hasOverlap = newest.some(({ event_id }) => event_id === present.current[0]?.event_id);
        const older = hasOverlap ? olderThan(newest, present.current) : [];
        present.current = [...newest, ...older];
        setEvents(present.current);
        if (!older.length) setHasOlder(newest.length >= PAGE_SIZE);
        setError(null);
      },
      (reason: unknown) => signal.aborted || setError(reason),
    );
  }, [id]);

  const loadOlder = () => {
    const before = present.current.at(-1)?.event_id;
    if (!before || isLoadingOlder) return;
    setLoadingOlder(true);
    read(id, { before })
      .then((older) => {
        present.current = [...present.current, ...olderThan(present.current, older)];
        setEvents(present.current);
        setHasOlder(older.length >= PAGE_SIZE);
      })
      .catch(setError)
      .finally(() => setLoadingOlder(false));
  };

  useEffect(() => {
    if (version !== undefined) reload();
  }, [reload, version]);
  useEffect(() => onReset(reload), [reload]);
  useEffect(() => () => request.current?.abort(), []);
  return { events, hasOlder, error, isLoadingOlder, loadOlder, reload };
}

function read(id: number, params: { before?: number }, signal?: AbortSignal): Promise<HistoryEvent[]> {
  const options = signal ? { signal } : {};
  return api.get<HistoryEvent[]>(`/api/task/${id}/history`, { page_size: PAGE_SIZE, ...params }, options);
}

/** Those of `events` that are older than all of `newer`. */
function olderThan(newer: readonly HistoryEvent[], events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const oldest = newer.at(-1)?.event_id;
  if (!oldest || newer.length < PAGE_SIZE) return [];
  return events.filter(({ event_id }) => event_id !== null && event_id < oldest);
}
