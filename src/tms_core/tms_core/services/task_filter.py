"""The task filter: parsed from query parameters, evaluated in SQL or in Python. Lists and reports share it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, ColumnElement, bindparam, false, or_, select

from tms_core import error_codes as codes
from tms_core.errors import FieldError, InvalidError
from tms_core.invalid_values import InvalidValueError
from tms_core.models import Priority, Status, Task
from tms_core.models.task_search import TASK_SEARCH
from tms_core.services.filter_bounds import COMPARISONS, Bounds, exclude_each_other, strictest_bounds, within_bounds
from tms_core.services.instant_bounds import MICROSECOND, InstantBound, read_instant_bound
from tms_core.services.search_query import SearchQuery
from tms_core.values import MAX_ID, day

# The filters of the states of tasks in events; the others, instants and full-text search, are left to the database.
EVENT_NAMES = (
    "priority", "status", "due_date", *(f"due_date_{operator}" for operator in COMPARISONS),
    "assigned_to", "created_by",
)  # fmt: skip
INSTANTS = ("created_at", "updated_at")
NAMES = (*EVENT_NAMES, *(f"{name}_{operator}" for name in INSTANTS for operator in COMPARISONS), "q")
UTC_ZONE = ZoneInfo("UTC")
NOBODY = WITHOUT = "none"
SELF = "me"
MAX_SEARCH_LENGTH = 500
# Per parameter, over all its repetitions.
MAX_VALUES = 500


class Filterable(Protocol):
    """The fields that a filter of `EVENT_NAMES` reads. Enumerations may be plain strings."""

    @property
    def priority(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def due_date(self) -> date | None: ...
    @property
    def assigned_to(self) -> int | None: ...
    @property
    def created_by(self) -> int: ...


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """A filter for tasks; empty fields accept every task, and None among the values accepts tasks without a value.

    `is_contradictory` means that no task matches. `search` is what `q` asks for, from `resolve_search`.
    """

    priority: frozenset[Priority] = frozenset()
    status: frozenset[Status] = frozenset()
    due_date: frozenset[date | None] = frozenset()
    due_bounds: Bounds = ()
    assigned_to: frozenset[int | None] = frozenset()
    created_by: frozenset[int | None] = frozenset()
    created_bounds: tuple[InstantBound, ...] = ()
    updated_bounds: tuple[InstantBound, ...] = ()
    q: str = ""
    search: SearchQuery | None = None
    is_contradictory: bool = False

    @property
    def is_selective(self) -> bool:
        """Return whether few tasks can be expected to match: those of some days or users, or none."""
        has_days = self.due_date or self.due_bounds or self.created_bounds or self.updated_bounds
        return bool(has_days or self.assigned_to or self.created_by or self.is_contradictory)

    def criteria(self) -> list[ColumnElement[bool]]:
        """Return SQL conditions on `Task`, to be combined with AND."""
        found = self.criteria_besides_search()
        if self.search and not self.is_contradictory:
            found.append(Task.id.in_(select(TASK_SEARCH.c.task_id).where(self.search.condition())))
        return found

    def criteria_besides_search(self) -> list[ColumnElement[bool]]:
        if self.is_contradictory:
            return [false()]
        found = [_one_of(getattr(Task, name), values) for name, values in self._values().items() if values]
        for name, bounds in self._bounds().items():
            for number, (operator, bound, *_) in enumerate(bounds):
                found.append(COMPARISONS[operator](getattr(Task, name), _parameter(f"{name}_bound", number, bound)))
        return found

    def shape(self) -> tuple[Any, ...]:
        """Return all that the SQL text of the criteria depends on; `q` is not supported."""
        counts = tuple((len(values), None in values) for values in self._values().values())
        operators = tuple(tuple(bound[0] for bound in bounds) for bounds in self._bounds().values())
        return (self.is_contradictory, counts, operators)

    def parameters(self) -> dict[str, Any]:
        """Return the values of the SQL text of the criteria by their names."""
        found = {
            _name(name, number): value
            for name, values in self._values().items()
            for number, value in enumerate(_named(values))
        }
        bounds = {
            _name(f"{name}_bound", number): bound[1]
            for name, bounds in self._bounds().items()
            for number, bound in enumerate(bounds)
        }
        return found | bounds

    def _values(self) -> dict[str, frozenset[Any]]:
        return {name: getattr(self, name) for name in ("priority", "status", "due_date", "assigned_to", "created_by")}

    def _bounds(self) -> dict[str, Sequence[tuple[Any, ...]]]:
        return {"due_date": self.due_bounds, "created_at": self.created_bounds, "updated_at": self.updated_bounds}

    def matches(self, task: Filterable) -> bool:
        """Return whether a task that is not in the database matches a filter of `EVENT_NAMES`; others are ignored."""
        return (
            not self.is_contradictory
            and (not self.priority or task.priority in self.priority)
            and (not self.status or task.status in self.status)
            and (not self.assigned_to or task.assigned_to in self.assigned_to)
            and (not self.created_by or task.created_by in self.created_by)
            and (not self.due_date or task.due_date in self.due_date)
            and all(
                task.due_date is not None and COMPARISONS[operator](task.due_date, bound)
                for operator, bound in self.due_bounds
            )
        )

    def reduced(self) -> "TaskFilter":
        """Return an equivalent filter without redundant bounds: at most one on each side, and none of due dates in
        addition to explicit days."""
        due = strictest_bounds(self.due_bounds)
        created, updated = strictest_bounds(self.created_bounds), strictest_bounds(self.updated_bounds)
        is_empty = any(exclude_each_other(bounds, MICROSECOND) for bounds in (created, updated))
        rest = replace(self, created_bounds=created, updated_bounds=updated)
        if self.due_date:
            days = within_bounds(self.due_date, due)
            return replace(rest, due_date=days, due_bounds=(), is_contradictory=is_empty or not days)
        return replace(rest, due_bounds=due, is_contradictory=is_empty or exclude_each_other(due))


def _one_of(column: Any, values: frozenset[Any]) -> ColumnElement[bool]:
    named = [_parameter(column.key, number, value, column.type) for number, value in enumerate(_named(values))]
    if None not in values:
        return column == named[0] if len(named) == 1 else column.in_(named)
    return or_(column.is_(None), column.in_(named)) if named else column.is_(None)


def _named(values: frozenset[Any]) -> list[Any]:
    # Sorted, so that equal filters compile to equal statements.
    return sorted(value for value in values if value is not None)


def _parameter(name: str, number: int, value: Any, kind: Any = None) -> BindParameter[Any]:
    return bindparam(_name(name, number), value, type_=kind)


def _name(name: str, number: int) -> str:
    return f"wanted_{name}_{number}"


@dataclass(slots=True)
class _QueryParser:
    actor_id: int
    values: Mapping[str, list[str]]
    zone: ZoneInfo
    errors: list[FieldError] = field(default_factory=list)

    def each(self, name: str, convert: Callable[[str], Any], *, choices: int = 0) -> frozenset[Any]:
        """Return the distinct values of a parameter; empty if all of its `choices` are given, since all tasks match."""
        given = self.values.get(name, [])
        if sum(value.count(",") + 1 for value in given) > MAX_VALUES:
            message, params = f"must have at most {MAX_VALUES} values", {"maximum": MAX_VALUES}
            self.errors.append(FieldError("query", name, message, codes.TOO_MANY, params))
            return frozenset()
        found = set()
        # Without duplicates, in order, so that a repeated error is reported once.
        for part in dict.fromkeys(part.strip() for value in given for part in value.split(",")):
            try:
                found.add(convert(part))
            except InvalidValueError as error:
                self.errors.append(FieldError.of("query", name, error))
        return frozenset() if len(found) == choices else frozenset(found)

    def instants(self, name: str) -> tuple[InstantBound, ...]:
        """Return the bounds of a field, in a stable order."""
        return tuple(
            bound
            for operator in COMPARISONS
            for bound in sorted(self.each(f"{name}_{operator}", partial(read_instant_bound, operator, zone=self.zone)))
        )

    def user(self, text: str) -> int | None:
        if text == SELF:
            return self.actor_id
        if text == NOBODY:
            return None
        if text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= MAX_ID:
            return int(text)
        raise InvalidValueError("must be a user's id, me or none", codes.NOT_A_USER)

    def search(self) -> str:
        given = self.values.get("q", [])
        text = " ".join(given).strip()
        if len(given) > 1:
            self.errors.append(FieldError("query", "q", "must stand once", codes.REPEATED))
        elif "\x00" in text or len(text) > MAX_SEARCH_LENGTH:
            message, params = f"must be text of at most {MAX_SEARCH_LENGTH} characters", {"maximum": MAX_SEARCH_LENGTH}
            self.errors.append(FieldError("query", "q", message, codes.TOO_LONG, params))
        return text


def _choice(kind: type[Priority] | type[Status]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            message = f"must be one of {', '.join(kind)}"
            raise InvalidValueError(message, codes.NOT_A_CHOICE, choices=[*kind]) from None

    return convert


def _due_date(text: str) -> date | None:
    if text == WITHOUT:
        return None
    try:
        return day(text)
    except InvalidValueError as error:
        raise InvalidValueError(f"{error} or {WITHOUT}", error.code) from None


def read_filter(values: Mapping[str, list[str]], *, actor_id: int, zone: ZoneInfo = UTC_ZONE) -> TaskFilter:
    """Return the filter in a query; `values` has the parameters of `NAMES` that are present.

    Several values of a parameter are comma-separated or repeated. `zone` is that of the days of `created_at` and
    `updated_at`, `tms.timezone`. Raises `InvalidError` with all errors.
    """
    parser = _QueryParser(actor_id, values, zone)
    found = TaskFilter(
        priority=parser.each("priority", _choice(Priority), choices=len(Priority)),
        status=parser.each("status", _choice(Status), choices=len(Status)),
        due_date=parser.each("due_date", _due_date),
        due_bounds=tuple((name, bound) for name in COMPARISONS for bound in parser.each(f"due_date_{name}", day)),
        assigned_to=parser.each("assigned_to", parser.user),
        created_by=parser.each("created_by", parser.user),
        created_bounds=parser.instants("created_at"),
        updated_bounds=parser.instants("updated_at"),
        q=parser.search(),
    )
    if parser.errors:
        raise InvalidError(parser.errors)
    return found.reduced()
