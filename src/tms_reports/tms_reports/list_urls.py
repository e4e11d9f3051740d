"""URLs of task lists: the list of exactly the tasks that a number counts."""

from collections.abc import Iterable, Iterator
from datetime import date
from enum import Enum
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from tms_core.services.filter_bounds import strictest_bounds
from tms_core.services.instant_bounds import InstantBound, day_bound
from tms_core.services.task_filter import NOBODY, WITHOUT, TaskFilter

PATH = "/api/task"
SETS = ("status", "priority", "assigned_to", "created_by")


def list_url(
    wanted: TaskFilter,
    path: str = PATH,
    parameters: Iterable[tuple[str, str]] = (),
    /,
    *,
    due: Iterable[tuple[str, date]] = (),
    created: Iterable[InstantBound] = (),
    **values: Iterable[Any],
) -> str | None:
    """Return the URL, relative to the site, of the list with a filter and further restrictions; None if they exclude
    each other. `parameters` are those of a list at another `path` than the task list's. `values` are those of
    parameters, such as `status=OPEN_STATUSES`; `due` are bounds such as ("lt", today), `created` those of the
    creation."""
    if wanted.is_contradictory:
        return None
    pairs = list(parameters)
    for name in SETS:
        given, more = getattr(wanted, name), frozenset(values.get(name, ()))
        left = given & more if given and more else given or more
        if (given or more) and not left:
            return None
        if left:
            pairs.append((name, ",".join(_text(value, NOBODY) for value in _sorted(left))))
    pairs += _due(wanted, due)
    for name, bounds in (("created_at", (*wanted.created_bounds, *created)), ("updated_at", wanted.updated_bounds)):
        pairs += [(f"{name}_{bound.operator}", bound.text) for bound in strictest_bounds(bounds)]
    if wanted.q:
        pairs.append(("q", wanted.q))
    return f"{path}?{urlencode(pairs, safe=',:')}" if pairs else path


def created_between(first: date | None, last: date | None, zone: ZoneInfo) -> list[InstantBound]:
    """Return the bounds of the creation for days of a zone, both inclusive; None without a limit."""
    days = (("gte", first), ("lte", last))
    return [day_bound(operator, day, zone) for operator, day in days if day]


def _due(wanted: TaskFilter, more: Iterable[tuple[str, date]]) -> Iterator[tuple[str, str]]:
    if wanted.due_date:
        yield "due_date", ",".join(_text(day, WITHOUT) for day in _sorted(wanted.due_date))
    for operator, day in (*wanted.due_bounds, *more):
        yield f"due_date_{operator}", day.isoformat()


def _sorted(values: Iterable[Any]) -> list[Any]:
    """Return enumerations in their order, other values by size, and None last."""
    found = set(values)
    named = found - {None}
    kinds = [type(one) for one in named if isinstance(one, Enum)]
    ordered = [one for one in kinds[0] if one in named] if kinds else sorted(named)
    return [*ordered, *([None] if None in found else [])]


def _text(value: Any, none: str) -> str:
    return none if value is None else str(value)
