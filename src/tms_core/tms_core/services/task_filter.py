"""The task list's filter words: what a query may say, and the same as SQL. Lists and reports share it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from sqlalchemy import ColumnElement, false, func, literal_column, or_

from tms_core.errors import FieldError, InvalidError
from tms_core.models import Priority, Status, Task
from tms_core.models.task import SEARCH_DOCUMENT
from tms_core.services.day_bounds import COMPARISONS, Bounds, exclude_each_other, strictest_bounds, within_bounds
from tms_core.values import MAX_ID, day

NAMES = (
    "priority", "status", "due_date", *(f"due_date_{word}" for word in COMPARISONS),
    "assigned_to", "created_by", "q",
)  # fmt: skip
NOBODY = WITHOUT = "none"
SELF = "me"
MAX_SEARCH_LENGTH = 500
# Of one parameter, in all its repetitions.
MAX_VALUES = 500
# A word in the title counts ten times one in the description.
RANKED_DOCUMENT = "setweight(to_tsvector('simple', title), 'A') || to_tsvector('simple', description)"


class Filterable(Protocol):
    """What a filter without `q` looks at. Enumerations may be their plain words."""

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
    """What a task must be to pass; empty parts let everything pass. None among values means tasks without one.

    `is_contradictory`: no task can pass.
    """

    priority: frozenset[Priority] = frozenset()
    status: frozenset[Status] = frozenset()
    due_date: frozenset[date | None] = frozenset()
    due_bounds: Bounds = ()
    assigned_to: frozenset[int | None] = frozenset()
    created_by: frozenset[int | None] = frozenset()
    q: str = ""
    is_contradictory: bool = False

    def criteria(self) -> list[ColumnElement[bool]]:
        """The filter as SQL conditions on `Task`, all of which must hold."""
        if self.is_contradictory:
            return [false()]
        found: list[ColumnElement[bool]] = []
        for column, values in (
            (Task.priority, self.priority),
            (Task.status, self.status),
            (Task.due_date, self.due_date),
            (Task.assigned_to, self.assigned_to),
            (Task.created_by, self.created_by),
        ):
            if values:
                found.append(_one_of(column, values))
        found += [COMPARISONS[word](Task.due_date, bound) for word, bound in self.due_bounds]
        if self.q:
            found.append(literal_column(SEARCH_DOCUMENT).op("@@")(self._query()))
        return found

    def matches(self, task: Filterable) -> bool:
        """Whether a task passes, for what does not stand in the database; `q` is not looked at."""
        return (
            not self.is_contradictory
            and (not self.priority or task.priority in self.priority)
            and (not self.status or task.status in self.status)
            and (not self.assigned_to or task.assigned_to in self.assigned_to)
            and (not self.created_by or task.created_by in self.created_by)
            and (not self.due_date or task.due_date in self.due_date)
            and all(
                task.due_date is not None and COMPARISONS[word](task.due_date, bound) for word, bound in self.due_bounds
            )
        )

    def reduced(self) -> "TaskFilter":
        """The same filter without what follows from the rest of it: at most one bound on each side, none beside days
        that are named, and none at all where no day is left."""
        bounds = strictest_bounds(self.due_bounds)
        if self.due_date:
            days = within_bounds(self.due_date, bounds)
            return replace(self, due_date=days, due_bounds=(), is_contradictory=not days)
        return replace(self, due_bounds=bounds, is_contradictory=exclude_each_other(bounds))

    def rank(self) -> ColumnElement[float]:
        """How well a task matches `q`, in SQL: the more, the better."""
        return func.ts_rank(literal_column(RANKED_DOCUMENT), self._query())

    def _query(self) -> ColumnElement[Any]:
        return func.websearch_to_tsquery("simple", self.q)


def _one_of(column: Any, values: frozenset[Any]) -> ColumnElement[bool]:
    # Sorted, so that equal filters make equal statements and hit the statement cache.
    named = sorted(value for value in values if value is not None)
    if None not in values:
        return column == named[0] if len(named) == 1 else column.in_(named)
    return or_(column.is_(None), column.in_(named)) if named else column.is_(None)


@dataclass(slots=True)
class _Reading:
    actor_id: int
    values: Mapping[str, list[str]]
    faults: list[FieldError] = field(default_factory=list)

    def each(self, name: str, convert: Callable[[str], Any], *, choices: int = 0) -> frozenset[Any]:
        """The different values of a parameter; none where they are all of its `choices`, which let everything pass."""
        given = self.values.get(name, [])
        if sum(value.count(",") + 1 for value in given) > MAX_VALUES:
            self.faults.append(FieldError("query", name, f"must have at most {MAX_VALUES} values"))
            return frozenset()
        found = set()
        # Each once, in their order: a fault that is repeated is one fault.
        for part in dict.fromkeys(part.strip() for value in given for part in value.split(",")):
            try:
                found.add(convert(part))
            except ValueError as error:
                self.faults.append(FieldError("query", name, str(error)))
        return frozenset() if len(found) == choices else frozenset(found)

    def user(self, word: str) -> int | None:
        if word == SELF:
            return self.actor_id
        if word == NOBODY:
            return None
        if word.isascii() and word.isdigit() and len(word) < 20 and 0 < int(word) <= MAX_ID:
            return int(word)
        raise ValueError("must be a user's id, me or none")

    def search(self) -> str:
        given = self.values.get("q", [])
        text = " ".join(given).strip()
        if len(given) > 1:
            self.faults.append(FieldError("query", "q", "must stand once"))
        elif "\x00" in text or len(text) > MAX_SEARCH_LENGTH:
            self.faults.append(FieldError("query", "q", f"must be text of at most {MAX_SEARCH_LENGTH} characters"))
        return text


def _choice(kind: type[Priority] | type[Status]) -> Callable[[str], Any]:
    def convert(word: str) -> Any:
        try:
            return kind(word)
        except ValueError:
            raise ValueError(f"must be one of {', '.join(kind)}") from None

    return convert


def _due_date(word: str) -> date | None:
    if word == WITHOUT:
        return None
    try:
        return day(word)
    except ValueError as error:
        raise ValueError(f"{error} or {WITHOUT}") from None


def read_filter(values: Mapping[str, list[str]], *, actor_id: int) -> TaskFilter:
    """The filter that a query's parameters say (`values` holds those of `NAMES` that are there).

    Raises `InvalidError` with every fault. Several values are separated by commas or repeated.
    """
    reading = _Reading(actor_id, values)
    found = TaskFilter(
        priority=reading.each("priority", _choice(Priority), choices=len(Priority)),
        status=reading.each("status", _choice(Status), choices=len(Status)),
        due_date=reading.each("due_date", _due_date),
        due_bounds=tuple((word, bound) for word in COMPARISONS for bound in reading.each(f"due_date_{word}", day)),
        assigned_to=reading.each("assigned_to", reading.user),
        created_by=reading.each("created_by", reading.user),
        q=reading.search(),
    )
    if reading.faults:
        raise InvalidError(reading.faults)
    return found.reduced()
