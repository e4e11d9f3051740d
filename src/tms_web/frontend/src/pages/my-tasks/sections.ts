/** The sections of open tasks by due date, as they are on a day. */
import type { Filters, ListQuery } from "tms/store";
import { type DayRange, type DueSection, dueSections } from "tms/tasks";

export type SectionName = DueSection | "none";

export interface Section {
  name: SectionName;
  /** Null where no day belongs to it, as to the rest of the week on a Sunday. */
  query: ListQuery | null;
  /** The due date of a task that is added here; null is none, undefined means that nothing is added here. */
  newDay: string | null | undefined;
}

/** `firstDay` is the weekday with which weeks begin; `q` are the words searched for. */
export function sectionsOf(today: string, firstDay: number, q: string): Section[] {
  const ranges = Object.entries(dueSections(today, firstDay)) as [DueSection, DayRange | null][];
  const dated = ranges.map(([name, range]): Section => {
    const due = range && {
      ...(range.from && { due_date_gte: range.from }),
      ...(range.to && { due_date_lte: range.to }),
    };
    return { name, query: due && queryOf(due, q), newDay: range?.from ?? undefined };
  });
  return [...dated, { name: "none", query: queryOf({ due_date: ["none"] }, q), newDay: null }];
}

export function completedQuery(q: string): ListQuery {
  return {
    filters: { assigned_to: ["me"], status: ["COMPLETED"], ...(q && { q }) },
    ordering: ["-updated_at"],
  };
}

function queryOf(due: Filters, q: string): ListQuery {
  return {
    filters: { assigned_to: ["me"], status: ["PENDING", "IN_PROGRESS"], ...due, ...(q && { q }) },
    ordering: ["due_date", "-priority"],
  };
}
