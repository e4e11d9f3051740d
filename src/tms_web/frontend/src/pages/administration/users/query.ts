/** What the list of users shows, as the address has it. */
import type { Params } from "tms/api";

export const SHOWN = ["all", "active", "disabled", "administrators"] as const;
export type Shown = (typeof SHOWN)[number];

export interface UserQuery {
  q: string;
  show: Shown;
}

const FILTERS: Record<Shown, Params> = {
  all: {},
  active: { is_active: true },
  disabled: { is_active: false },
  administrators: { is_admin: true },
};

export function readQuery(query: URLSearchParams): UserQuery {
  const show = SHOWN.find((one) => one === query.get("show")) ?? "all";
  return { q: query.get("q") ?? "", show };
}

/** The address of the list. */
export function pathOf({ q, show }: UserQuery): string {
  const params = new URLSearchParams({ ...(q && { q }), ...(show !== "all" && { show }) });
  return `/administration/users${params.size ? `?${params}` : ""}`;
}

/** The parameters of the API. */
export function toParams({ q, show }: UserQuery): Params {
  return { ...(q && { q }), ...FILTERS[show] };
}
