/** A report of the API: read again when tasks change, at a rate that the server does not notice. */
import { useEffect, useRef, useState } from "preact/hooks";
import { api, type Params } from "tms/api";
import { listen } from "tms/realtime";
import type { ListView } from "tms/tasks";
import { pauseAfter } from "./pause.ts";
import { paramsOf, pathOf, type ReportName } from "./reports.ts";
import { inTurn } from "./turns.ts";

/** What all reports have in common. */
export interface AnyReport {
  generated_at: string;
  as_of_event: number;
  elapsed_ms: number;
  /** Missing where the deployment keeps no counters. */
  mode?: "live" | "scan";
}

export interface ShownReport<T> {
  report: T;
  /** What it was asked for; while another one is loading, not what the page is asked for. */
  view: ListView;
  /** The user's day on which it was asked for, on which relative filters depend. */
  today: string;
}

export interface LoadedReport<T> {
  shown: ShownReport<T> | null;
  error: unknown;
  isLoading: boolean;
  /** Whether `shown` is of another query than the page's. */
  isStale: boolean;
  reload: () => void;
}

/** Milliseconds after a change, in which others often follow. */
const SETTLE = 400;
/** Milliseconds after which a report is read again when the user comes back. */
const OLD = 60_000;

export function useReport<T extends AnyReport>(
  name: ReportName,
  view: ListView,
  today: string,
  more: Params = {},
): LoadedReport<T> {
  const path = pathOf(name);
  const params = paramsOf(view, today, more);
  const key = `${path} ${JSON.stringify(params)}`;
  const [shown, setShown] = useState<(ShownReport<T> & { key: string }) | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isLoading, setLoading] = useState(true);
  const load = useRef<() => void>(() => {});
  useEffect(() => {
    const abort = new AbortController();
    const { signal } = abort;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isBusy = false;
    let isOutdated = false;
    let endedAt = 0;
    let pause = 0;
    const read = async () => {
      clearTimeout(timer);
      timer = undefined;
      if (isBusy) return;
      isBusy = true;
      isOutdated = false;
      setLoading(true);
      try {
        const report = await inTurn(signal, () => api.get<T>(path, params, { signal }));
        pause = pauseAfter(report.elapsed_ms);
        setShown({ report, view, today, key });
        setError(null);
      } catch (cause) {
        if (!signal.aborted) setError(cause);
      } finally {
        isBusy = false;
        endedAt = Date.now();
        if (!signal.aborted) setLoading(false);
        if (isOutdated) readSoon();
      }
    };
    const readSoon = () => {
      isOutdated = true;
      if (signal.aborted || isBusy || timer !== undefined || document.visibilityState === "hidden") return;
      timer = setTimeout(() => void read(), Math.max(SETTLE, endedAt + pause - Date.now()));
    };
    const onReturn = () => {
      if (document.visibilityState === "hidden") return;
      if (isOutdated || Date.now() - endedAt > OLD) readSoon();
    };
    load.current = () => void read();
    void read();
    document.addEventListener("visibilitychange", onReturn, { signal });
    const stop = listen({ onEvent: readSoon, onChanges: readSoon, onReset: readSoon });
    return () => {
      abort.abort();
      clearTimeout(timer);
      stop();
    };
  }, [key]);
  return { shown, error, isLoading, isStale: shown !== null && shown.key !== key, reload: () => load.current() };
}
