/** The address of a page with tasks is its state: filters, search, order, and the open task. */
import { useMemo } from "preact/hooks";
import { navigate, type PageProps } from "tms/module";
import { EMPTY_VIEW, type ListView, readView, writeView } from "./query.ts";

export interface TaskView {
  view: ListView;
  /** The query string of the view, or nothing. */
  search: string;
  openId: number | null;
  /** `params` are the page's own parameters to change, as `{ group: "priority" }`; an empty one is left out. */
  goTo: (view: ListView, options?: { replace?: boolean; params?: Record<string, string> }) => void;
  clearFilters: () => void;
  /** The path of a task's panel over this page. */
  hrefOf: (id: number) => string;
  open: (id: number) => void;
  closePanel: () => void;
}

/** `path` is the page's own, as "/board"; the panel's is "/board/42". */
export function useTaskView(path: string, { params, query }: PageProps): TaskView {
  const openId = Number(params.id) || null;
  const text = query.toString();
  // The same while another task is open: a row renders again only if something of its own changes.
  const shared = useMemo(() => {
    const view = readView(query);
    const others = Object.fromEntries([...query].filter(([name]) => !(name in EMPTY_VIEW)));
    const search = writeView(view, others);
    const hrefOf = (id: number) => `${path}/${id}${search}`;
    const open = (id: number) => navigate(hrefOf(id));
    return { view, others, search, hrefOf, open };
  }, [path, text]);
  return useMemo(() => {
    const { view, others, search, hrefOf, open } = shared;
    const goTo: TaskView["goTo"] = (next, { params, ...options } = {}) =>
      navigate(`${openId ? `${path}/${openId}` : path}${writeView(next, { ...others, ...params })}`, options);
    return {
      view,
      search,
      openId,
      goTo,
      clearFilters: () => goTo({ ...EMPTY_VIEW, ordering: view.ordering, group: view.group }),
      hrefOf,
      open,
      closePanel: () => navigate(`${path}${search}`),
    };
  }, [path, shared, openId]);
}
