/** The address of the calendar is its state: month or week, the day around which it is, filters, search, the open task. */
import { useMemo } from "preact/hooks";
import { navigate, type PageProps } from "tms/module";
import { EMPTY_VIEW, isDay, type ListView, readView, writeView } from "tms/tasks";

export type Mode = "month" | "week";

interface Place {
  mode: Mode;
  /** A day of the month or the week; null is today. */
  date: string | null;
  view: ListView;
}

export interface CalendarView extends Place {
  openId: number | null;
  goTo: (change: Partial<Place>, options?: { replace?: boolean }) => void;
  clearFilters: () => void;
  hrefOf: (id: number) => string;
  open: (id: number) => void;
  closePanel: () => void;
}

const PATH = "/calendar";

export function useCalendarView({ params, query }: PageProps): CalendarView {
  const openId = Number(params.id) || null;
  const text = query.toString();
  return useMemo(() => {
    const date = query.get("date") ?? "";
    const place: Place = {
      mode: query.get("view") === "week" ? "week" : "month",
      date: isDay(date) ? date : null,
      view: { ...readView(query), due: null, ordering: [] },
    };
    const hrefOf = (id: number) => `${PATH}/${id}${searchOf(place)}`;
    const goTo: CalendarView["goTo"] = (change, options) =>
      navigate(`${openId ? `${PATH}/${openId}` : PATH}${searchOf({ ...place, ...change })}`, options);
    return {
      ...place,
      openId,
      goTo,
      clearFilters: () => goTo({ view: EMPTY_VIEW }),
      hrefOf,
      open: (id) => navigate(hrefOf(id)),
      closePanel: () => navigate(`${PATH}${searchOf(place)}`),
    };
  }, [text, openId]);
}

function searchOf({ mode, date, view }: Place): string {
  const parts = [mode === "week" ? "view=week" : "", date ? `date=${date}` : "", writeView(view).slice(1)];
  const text = parts.filter(Boolean).join("&");
  return text && `?${text}`;
}
