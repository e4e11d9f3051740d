/** The rows of all sections in one sequence: heads, tasks, and the end of what is loaded. */
import type { TaskList } from "tms/store";
import type { Section } from "tms/tasks";

export interface ShownSection extends Section {
  hasHead: boolean;
  isCollapsed: boolean;
}

export type Item =
  | { kind: "head"; section: ShownSection }
  | { kind: "task"; section: ShownSection; id: number }
  | { kind: "end"; section: ShownSection };

interface Part {
  section: ShownSection;
  start: number;
  ids: readonly number[];
  hasEnd: boolean;
  length: number;
}

const NO_IDS: readonly number[] = [];

export class Rows {
  readonly count: number;
  /** All tasks, without those of collapsed sections. */
  readonly ids: readonly number[];
  readonly #parts: readonly Part[];

  constructor(sections: readonly ShownSection[]) {
    let start = 0;
    this.#parts = sections.map((section) => {
      const ids = section.isCollapsed ? NO_IDS : (section.list?.ids.value ?? NO_IDS);
      const hasEnd = !section.isCollapsed && isOpenEnded(section.list);
      const length = Number(section.hasHead) + ids.length + Number(hasEnd);
      const part = { section, start, ids, hasEnd, length };
      start += length;
      return part;
    });
    this.count = start;
    // One section is the usual case; its array is not copied.
    this.ids = this.#parts.length === 1 ? (this.#parts[0] as Part).ids : this.#parts.flatMap(({ ids }) => ids);
  }

  at(index: number): Item | undefined {
    const part = this.#partAt(index);
    if (!part) return undefined;
    const { section, ids } = part;
    const place = index - part.start - Number(section.hasHead);
    if (place < 0) return { kind: "head", section };
    const id = ids[place];
    return id === undefined ? { kind: "end", section } : { kind: "task", section, id };
  }

  keyOf(index: number): number | string {
    const item = this.at(index);
    return item?.kind === "task" ? item.id : `${item?.kind} ${item?.section.key}`;
  }

  indexOf(id: number): number {
    for (const { section, start, ids } of this.#parts) {
      const place = ids.indexOf(id);
      if (place >= 0) return start + Number(section.hasHead) + place;
    }
    return -1;
  }

  headIndexOf(key: string): number {
    return this.#parts.find(({ section }) => section.hasHead && section.key === key)?.start ?? -1;
  }

  isHead(index: number): boolean {
    return this.at(index)?.kind === "head";
  }

  /** The head of the section that a row is in; -1 without heads. */
  headOf(index: number): number {
    const part = this.#partAt(index);
    return part?.section.hasHead ? part.start : -1;
  }

  /** The sections whose loaded tasks end within `ahead` rows behind a range of rows. */
  endingIn(from: number, to: number, ahead: number): ShownSection[] {
    return this.#parts
      .filter(
        ({ start, length, hasEnd }) => hasEnd && start <= to && start + length > from && start + length <= to + ahead,
      )
      .map(({ section }) => section);
  }

  #partAt(index: number): Part | undefined {
    return this.#parts.find(({ start, length }) => index >= start && index < start + length);
  }
}

function isOpenEnded(list: TaskList | null): boolean {
  return !list || list.hasMore.value || list.state.value !== "ready";
}
