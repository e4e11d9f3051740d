/** The sections of open tasks by due date, as they are on a day. */
import type { Filters, ListQuery } from "tms/store";
import { type DayRange, type DueSection, dueSections } from "tms/tasks";

export type SectionName = DueSection | "none";

export interface Section {
  name: SectionName;
  /** Null where no day belongs to it, as to the rest of the week on a Sunday; undefined: without a due date. */
  range: DayRange | null | undefined;
  /** The due date of a task that is added here; null is none, undefined means that nothing is added here. */
  newDay: string | null | undefined;
}

/** `firstDay` is the weekday with which weeks begin. */
export function sectionsOf(today: string, firstDay: number): Section[] {
  const ranges = Object.entries(dueSections(today, firstDay)) as [DueSection, DayRange | null][];
  const dated = ranges.map(([name, range]): Section => ({ name, range, newDay: range?.from ?? undefined }));
  return [...dated, { name: "none", range: undefined, newDay: null }];
}

/** Whether a task with this due date belongs to the section. */
export function hasDay({ range }: Section, day: string | null): boolean {
  if (range === undefined || day === null) return range === undefined && day === null;
  return range !== null && (range.from ?? day) <= day && day <= (range.to ?? day);
}

/** The tasks of a section; null where it has no days. */
export function sectionQuery({ range }: Section): ListQuery | null {
  if (range === null) return null;
  if (range === undefined) return openQuery({ due_date: ["none"] });
  return openQuery({
    ...(range.from && { due_date_gte: range.from }),
    ...(range.to && { due_date_lte: range.to }),
  });
}

export function openQuery(filters: Filters): ListQuery {
  return {
    filters: { assigned_to: ["me"], status: ["PENDING", "IN_PROGRESS"], ...filters },
    ordering: ["due_date", "-priority"],
  };
}

export function completedQuery(q: string): ListQuery {
  return {
    filters: { assigned_to: ["me"], status: ["COMPLETED"], ...(q && { q }) },
    ordering: ["-updated_at"],
  };
}
