/** The filters as chips: a press opens the values, the cross takes the filter away. */
import type { ComponentChildren } from "preact";
import { PRIORITIES, STATUSES } from "tms/api";
import { t } from "tms/i18n";
import { nameOf, type Ordering, users } from "tms/store";
import { Avatar, Button, Icon, Menu, type Option, PriorityMark, StatusMark } from "tms/ui";
import { CreatedFilter, DueFilter } from "./due-filter.tsx";
import { searchUsers, userOptions } from "./edit-picker.tsx";
import { FilterChip } from "./filter-chip.tsx";
import { hasFilters, type ListView, type Person } from "./query.ts";

export interface FilterBarProps {
  view: ListView;
  onChange: (view: ListView) => void;
  onClear: () => void;
  /** Leaves out due date and order, which a calendar has by itself. */
  isByDay?: boolean;
  /** Further controls of the view, at the end. */
  children?: ComponentChildren;
}

export function FilterBar({ view, onChange, onClear, isByDay, children }: FilterBarProps) {
  const people: Option<Person>[] = [
    { value: "me", label: t("tasks.me"), mark: <Icon name="user" /> },
    ...userOptions().map((one) => ({ ...one, value: one.value as Person })),
  ];
  // Also those who are in the address and not loaded yet.
  for (const id of [...view.assignee, ...view.creator]) {
    const user = typeof id === "number" && !people.some((one) => one.value === id) ? users.get(id) : undefined;
    if (user) people.push({ value: user.id, label: nameOf(user), mark: <Avatar user={user} /> });
  }
  const nobody: Option<Person> = { value: "none", label: t("task.unassigned"), mark: <Avatar user={null} /> };
  return (
    <section class="tasks__filters" aria-label={t("tasks.filters")}>
      <FilterChip
        label={t("tasks.field.status")}
        options={STATUSES.map((value) => ({ value, label: t(`status.${value}`), mark: <StatusMark status={value} /> }))}
        selected={view.status}
        onChange={(status) => onChange({ ...view, status })}
        isMultiple
      />
      <FilterChip
        label={t("tasks.field.priority")}
        options={PRIORITIES.toReversed().map((value) => ({
          value,
          label: t(`priority.${value}`),
          mark: <PriorityMark priority={value} />,
        }))}
        selected={view.priority}
        onChange={(priority) => onChange({ ...view, priority })}
        isMultiple
      />
      <FilterChip
        label={t("tasks.field.assigned_to")}
        options={[...people.slice(0, 1), nobody, ...people.slice(1)]}
        selected={view.assignee}
        onChange={(assignee) => onChange({ ...view, assignee })}
        onSearch={searchUsers}
        isMultiple
      />
      <FilterChip
        label={t("tasks.field.created_by")}
        options={people}
        selected={view.creator}
        onChange={(creator) => onChange({ ...view, creator })}
        onSearch={searchUsers}
        isMultiple
      />
      {!isByDay && <DueFilter due={view.due} onChange={(due) => onChange({ ...view, due })} />}
      {view.created && <CreatedFilter days={view.created} onChange={(created) => onChange({ ...view, created })} />}
      {hasFilters(view) && (
        <Button variant="quiet" size="small" onClick={onClear}>
          {t("tasks.clearFilters")}
        </Button>
      )}
      <span class="tasks__view">
        {!isByDay && <OrderMenu view={view} onChange={onChange} />}
        {children}
      </span>
    </section>
  );
}

const ORDERINGS: Record<string, Ordering[]> = {
  newest: [],
  due: ["due_date"],
  priority: ["-priority", "due_date"],
  status: ["status"],
  title: ["title"],
};

/** For narrow screens, where there are no column heads. */
function OrderMenu({ view, onChange }: Pick<FilterBarProps, "view" | "onChange">) {
  return (
    <span class="tasks__order">
      <Menu
        label={t("tasks.order")}
        items={Object.entries(ORDERINGS).map(([id, ordering]) => ({
          id,
          label: t(`tasks.order.${id}`),
          checked: view.ordering.join() === ordering.join(),
          run: () => onChange({ ...view, ordering }),
        }))}
        trigger={(props) => (
          <Button size="small" icon="sort" {...props}>
            {t("tasks.order")}
          </Button>
        )}
      />
    </span>
  );
}
