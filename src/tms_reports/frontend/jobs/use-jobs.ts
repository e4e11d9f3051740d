/** The user's jobs: followed over the realtime channel, and asked for while one of them is not finished. */
import { useEffect, useRef, useState } from "preact/hooks";
import { api, type ReportJob, type ReportJobs } from "tms/api";
import { t } from "tms/i18n";
import { announce, type Resource, useResource } from "tms/module";
import { connection, onUserMessage, type UserMessage } from "tms/realtime";
import { JOBS, reportTitle } from "../reports.ts";

type Progress = Pick<ReportJob, "id" | "status" | "done" | "all">;
/** `at` is the time of `performance.now()` when a message came, or when a request began. */
type News = Progress & { at: number };
type Read = ReportJobs & { at: number };

/** Milliseconds between requests while a job is not finished; messages may get lost. */
const WITH_MESSAGES = 10_000;
const WITHOUT_MESSAGES = 2_000;

export function isActive({ status }: Pick<ReportJob, "status">): boolean {
  return status === "waiting" || status === "running";
}

export interface Jobs {
  resource: Resource<ReportJobs>;
  /** Undefined until they are loaded. */
  jobs: readonly ReportJob[] | undefined;
}

export function useJobs(): Jobs {
  const [news, setNews] = useState<ReadonlyMap<number, News>>(new Map());
  const [isWaiting, setWaiting] = useState(false);
  const pause = connection.value === "open" ? WITH_MESSAGES : WITHOUT_MESSAGES;
  const resource = useResource("report jobs", readJobs, { ...(isWaiting && { every: pause }) });
  const { data, reload } = resource;
  useEffect(() => {
    // What was read is newer than what was said before the request.
    if (data) setNews((before) => new Map([...before].filter(([, { at }]) => at > data.at)));
    setWaiting(data?.results.some(isActive) ?? false);
  }, [data]);
  useEffect(
    () =>
      onUserMessage("report_job", (message: UserMessage) => {
        const progress = message as unknown as Progress;
        setNews((before) => new Map(before).set(progress.id, { ...progress, at: performance.now() }));
        // The result, the error and the times are not in the message.
        if (!isActive(progress)) void reload();
      }),
    [reload],
  );
  useAnnouncements(data?.results);
  const jobs = data?.results.map((job) => ({ ...job, ...progressOf(news.get(job.id)) }));
  return { resource, jobs };
}

async function readJobs(signal: AbortSignal): Promise<Read> {
  const at = performance.now();
  return { ...(await api.get<ReportJobs>(JOBS, {}, { signal })), at };
}

/** Reads out jobs that have ended while the page is open. */
function useAnnouncements(jobs: readonly ReportJob[] | undefined): void {
  const active = useRef<ReadonlySet<number>>(new Set());
  useEffect(() => {
    for (const job of jobs ?? []) {
      if (active.current.has(job.id) && !isActive(job))
        announce(`${reportTitle(job.report)}: ${t(`reports.job.${job.status}`)}`);
    }
    active.current = new Set((jobs ?? []).filter(isActive).map(({ id }) => id));
  }, [jobs]);
}

function progressOf(progress: Progress | undefined): Partial<Progress> {
  return progress ? { status: progress.status, done: progress.done, all: progress.all } : {};
}
