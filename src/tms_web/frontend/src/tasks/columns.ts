/** The columns of the list after the title: which, in which order, and how wide. */
import { computed, signal } from "@preact/signals";

export const COLUMNS = [
  "status",
  "priority",
  "assigned_to",
  "due_date",
  "created_by",
  "created_at",
  "updated_at",
  "id",
  "description",
] as const;
export type Column = (typeof COLUMNS)[number];

export const DEFAULT_COLUMNS: readonly Column[] = ["status", "priority", "assigned_to", "due_date"];

/** In rem; wide enough for the German words. */
const WIDTHS: Record<Column, number> = {
  status: 8.5,
  priority: 7.5,
  assigned_to: 10,
  due_date: 8,
  created_by: 10,
  created_at: 9,
  updated_at: 9,
  id: 5,
  description: 16,
};
const BEFORE = 2.75;
const TITLE = 16;

const STORAGE = "tms.columns";
const chosen = signal<readonly Column[] | null>(load());

/** The columns of this device. */
export const columns = computed(() => chosen.value ?? DEFAULT_COLUMNS);

export function chooseColumns(next: readonly Column[]): void {
  chosen.value = next;
  try {
    localStorage.setItem(STORAGE, next.join());
  } catch {
    // It holds until the page is left.
  }
}

/** The known ones, each once. */
export function readColumns(names: readonly string[]): Column[] {
  return [...new Set(names)].flatMap((name) => COLUMNS.find((one) => one === name) ?? []);
}

/** The column moved by so many places. */
export function moveColumn(all: readonly Column[], column: Column, step: number): Column[] {
  const from = all.indexOf(column);
  const to = Math.max(0, Math.min(all.length - 1, from + step));
  return from < 0 ? [...all] : all.toSpliced(from, 1).toSpliced(to, 0, column);
}

/** Custom properties for the grid of the head and of the rows. */
export function columnStyle(all: readonly Column[]): Record<string, string> {
  const widths = all.map((one) => (one === "description" ? `minmax(${WIDTHS[one]}rem, 1fr)` : `${WIDTHS[one]}rem`));
  const least = BEFORE + TITLE + all.reduce((sum, one) => sum + WIDTHS[one], 0);
  return {
    "--columns": [`${BEFORE}rem`, `minmax(${TITLE}rem, 1fr)`, ...widths].join(" "),
    "--columns-width": `${least}rem`,
  };
}

function load(): Column[] | null {
  try {
    const text = localStorage.getItem(STORAGE);
    return text === null ? null : readColumns(text.split(","));
  } catch {
    // The user has forbidden storage.
    return null;
  }
}
