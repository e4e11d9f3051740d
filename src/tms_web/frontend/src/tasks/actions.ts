/** Changes of one or several tasks, with a message where the server refuses. */
import { signal } from "@preact/signals";
import { ApiError, type BulkOperation, errorText, type NewTask, session, type TaskChange } from "tms/api";
import { t } from "tms/i18n";
import { location, navigate, pages } from "tms/module";
import { isUnsent, tasks } from "tms/store";
import { confirm, type ToastOptions, toast } from "tms/ui";
import { rightsOf } from "./rights.ts";

/** The largest number of operations in one request. */
const MAXIMUM = 500;

/** Whether the user may change at least one of them; else it is said why not. */
export function mayChangeAny(ids: readonly number[]): boolean {
  const user = session.user.peek();
  const mayChange = ids.some((id) => {
    const task = tasks.task(id).peek();
    return task !== undefined && rightsOf(task, user).mayChange;
  });
  if (ids.length && !mayChange) toast(t("tasks.readOnly", { count: ids.length }));
  return mayChange;
}

/** What a line of quick add says; the server adds the defaults. */
export type QuickTask = Pick<NewTask, "title"> & Partial<NewTask>;

/** Several tasks are changed in one request, all or none. */
export async function changeTasks(ids: readonly number[], patch: TaskChange): Promise<void> {
  const [only] = ids;
  if (only === undefined) return;
  if (ids.length === 1) {
    await tasks.change(only, patch).catch((error: unknown) => {
      // The panel shows both sides of a conflict.
      const isConflict = error instanceof ApiError && error.status === 412;
      sayWhy(error, isConflict ? { label: t("tasks.open"), run: () => open(only) } : undefined);
    });
    return;
  }
  await inBulk(ids.map((id) => ({ op: "update", id, task: patch, version: null })));
}

/** Asks first; resolves to whether the tasks were deleted. */
export async function deleteTasks(ids: readonly number[]): Promise<boolean> {
  const isWanted = await confirm({
    title: t("tasks.delete.title", { count: ids.length }),
    text: t("tasks.delete.text", { count: ids.length }),
    action: t("tasks.delete.action"),
    isDanger: true,
  });
  return isWanted && (await inBulk(ids.map((id) => ({ op: "delete", id, version: null }))));
}

/** Resolves to the id of the new task, or null if it was refused. */
export async function createTask(task: QuickTask): Promise<number | null> {
  try {
    return (await tasks.create(task as NewTask))?.id ?? null;
  } catch (error) {
    sayWhy(error);
    return null;
  }
}

export interface BulkProgress {
  done: number;
  total: number;
  /** Stops after the request that is on its way. */
  cancel: () => void;
}

/** How far a change of more tasks than one request may hold has come. */
export const bulkProgress = signal<BulkProgress | null>(null);

async function inBulk(operations: BulkOperation[]): Promise<boolean> {
  const total = operations.length;
  let isCancelled = false;
  const cancel = () => {
    isCancelled = true;
  };
  try {
    for (let done = 0; done < total && !isCancelled; done += MAXIMUM) {
      if (total > MAXIMUM) bulkProgress.value = { done, total, cancel };
      await tasks.bulk(operations.slice(done, done + MAXIMUM));
    }
    return !isCancelled;
  } catch (error) {
    if (isUnsent(error)) return false;
    const operation = error instanceof ApiError ? operations[error.problem.index ?? -1] : undefined;
    const title = operation && "id" in operation ? tasks.task(operation.id).peek()?.title : undefined;
    const reason = errorText(error);
    toast(title ? t("tasks.bulkRefusedAt", { title, reason }) : t("tasks.bulkRefused", { reason }), { tone: "error" });
    return false;
  } finally {
    bulkProgress.value = null;
  }
}

/** Of what waits until its user signs in again, the page for that tells. */
export function sayWhy(error: unknown, action?: ToastOptions["action"]): void {
  if (!isUnsent(error)) toast(errorText(error), { tone: "error", ...(action && { action }) });
}

/** In the panel of this page, where it has one. */
function open(id: number): void {
  const { path, query } = location.peek();
  const page = `/${path.split("/")[1]}`;
  const hasPanel = page !== "/tasks" && pages.peek().some((one) => one.path === `${page}/:id`);
  navigate(`${hasPanel ? page : "/tasks"}/${id}${query.size ? `?${query}` : ""}`);
}
