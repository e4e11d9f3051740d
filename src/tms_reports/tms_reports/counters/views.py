"""Which counters answer a report: those of all tasks, or of the tasks that a user created, is assigned to, or both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from tms_core.permissions import Actor, Visibility, may_see, visible_tasks
from tms_core.services.task_filter import TaskFilter
from tms_reports.counters.keys import CELLS, Scope

Owned = tuple[Scope, int]


@dataclass(frozen=True, slots=True)
class View:
    """The rows that a report adds up.

    `totals` are scopes with the factor of their numbers. Numbers by creator and assignee are those of the rows of a
    scope, and the total of a scope for the one user who created, or is assigned to, all its tasks.
    """

    totals: tuple[tuple[Scope, int, int], ...]
    created: Owned | None = None
    assigned: Owned | None = None
    creator: Owned | None = None
    assignee: Owned | None = None
    is_personal: bool = True


class NotCounted(NamedTuple):
    """The parameter of the query for which no counters are kept."""

    parameter: str


class TaskState(NamedTuple):
    """A task of an event, as `TaskFilter.matches` takes it."""

    status: str
    priority: str
    due_date: date | None
    assigned_to: int | None
    created_by: int

    @classmethod
    def of(cls, task: Mapping[str, Any]) -> "TaskState":
        due = task["due_date"] and date.fromisoformat(task["due_date"])
        return cls(task["status"], task["priority"], due or None, task["assigned_to"], task["created_by"])


def choose_view(wanted: TaskFilter, actor: Actor, visibility: Visibility, *, is_personal: bool) -> View | NotCounted:
    """Return the counters for the tasks that match a filter and that the actor may see."""
    if uncounted := _uncounted(wanted):
        return NotCounted(uncounted)
    (creator, *_), (assignee, *_) = ([*users, None] for users in (wanted.created_by, wanted.assigned_to))
    named = "created_by" if creator else "assigned_to" if assignee else None
    if named and not is_personal:
        return NotCounted(named)
    view = _view(creator, assignee)
    if visible_tasks(actor, visibility) is None:
        return view or NotCounted("created_by")
    if not is_personal:
        # Without the counters of the actor's own tasks.
        return NotCounted("mode")
    if named is None:
        return _own(actor.id)
    # Of the tasks that another user created or is assigned to, the actor sees only some.
    others = {user for user in (creator, assignee) if user} - {actor.id}
    return NotCounted(named) if others or view is None else view


def matches(task: TaskState, wanted: TaskFilter, actor: Actor, visibility: Visibility) -> bool:
    """Return whether a task is one of those that the view counts."""
    is_visible = actor.is_admin or may_see(actor, visibility, created_by=task.created_by, assigned_to=task.assigned_to)
    return is_visible and wanted.matches(task)


def cells_of(wanted: TaskFilter) -> tuple[int, ...]:
    """Return the indexes of the numbers whose status and priority match the filter."""
    return tuple(
        index
        for index, (status, priority) in enumerate(CELLS)
        if (not wanted.status or status in wanted.status) and (not wanted.priority or priority in wanted.priority)
    )


def _uncounted(wanted: TaskFilter) -> str | None:
    """Return a parameter that only a scan can evaluate."""
    if wanted.q:
        return "q"
    if wanted.due_bounds:
        return f"due_date_{wanted.due_bounds[0][0]}"
    for name, bounds in (("created_at", wanted.created_bounds), ("updated_at", wanted.updated_bounds)):
        if bounds:
            return f"{name}_{bounds[0].operator}"
    if wanted.due_date or wanted.is_contradictory:
        return "due_date"
    for name, users in (("assigned_to", wanted.assigned_to), ("created_by", wanted.created_by)):
        if len(users) > 1 or None in users:
            return name
    return None


def _view(creator: int | None, assignee: int | None) -> View | None:
    """Return the view of the tasks that a user created, is assigned to, or both; None for two different users."""
    if creator and assignee:
        both = (Scope.BOTH, creator)
        return View(((*both, 1),), creator=both, assignee=both) if creator == assignee else None
    if creator:
        owned = (Scope.CREATED, creator)
        return View(((*owned, 1),), creator=owned, assigned=owned)
    if assignee:
        owned = (Scope.ASSIGNED, assignee)
        return View(((*owned, 1),), created=owned, assignee=owned)
    every = (Scope.ALL, 0)
    return View(((*every, 1),), created=every, assigned=every, is_personal=False)


def _own(user: int) -> View:
    created, assigned, both = ((scope, user) for scope in (Scope.CREATED, Scope.ASSIGNED, Scope.BOTH))
    totals = ((*created, 1), (*assigned, 1), (*both, -1))
    return View(totals, created=assigned, assigned=created, creator=created, assignee=assigned)
