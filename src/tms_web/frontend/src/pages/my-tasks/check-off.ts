/** Checking off: the task is completed at once, and its row stays for a moment where it was, so that one sees it. */
import { signal } from "@preact/signals";
import type { Status, Task } from "tms/api";
import { t } from "tms/i18n";
import { changeTasks } from "tms/tasks";
import { toast } from "tms/ui";

const STAY = 2500;

export interface Kept {
  section: string;
  index: number;
}

export class CheckOff {
  /** The rows that stay, by task. */
  readonly kept = signal<ReadonlyMap<number, Kept>>(new Map());
  /** Called before a row goes, while it still has the focus. */
  onLeave: (id: number) => void = () => {};
  readonly #before = new Map<number, Status>();
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** Completes an open task, and opens a completed one again. */
  toggle(task: Task, place: Kept): void {
    if (task.status === "COMPLETED") this.#reopen(task.id);
    else this.#complete(task, place);
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #complete({ id, title, status }: Task, place: Kept): void {
    this.#before.set(id, status);
    this.#keep(id, place);
    void changeTasks([id], { status: "COMPLETED" });
    const action = { label: t("my-tasks.undo"), run: () => this.#reopen(id) };
    toast(t("my-tasks.completed", { title }), { tone: "success", action });
  }

  #reopen(id: number): void {
    this.#drop(id);
    void changeTasks([id], { status: this.#before.get(id) ?? "PENDING" });
  }

  #keep(id: number, place: Kept): void {
    this.kept.value = new Map([...this.kept.peek(), [id, place]]);
    clearTimeout(this.#timers.get(id));
    this.#timers.set(
      id,
      setTimeout(() => {
        this.onLeave(id);
        this.#drop(id);
      }, STAY),
    );
  }

  #drop(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    const rest = new Map(this.kept.peek());
    if (rest.delete(id)) this.kept.value = rest;
  }
}

/** The ids of a section, with the rows that stay where they were. */
export function withKept(ids: readonly number[], kept: ReadonlyMap<number, Kept>, section: string): readonly number[] {
  const staying = [...kept].filter(([id, place]) => place.section === section && !ids.includes(id));
  if (!staying.length) return ids;
  const result = [...ids];
  for (const [id, { index }] of staying.sort(([, one], [, other]) => one.index - other.index)) {
    result.splice(Math.min(index, result.length), 0, id);
  }
  return result;
}
