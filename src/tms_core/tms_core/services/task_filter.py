"""The task list's filter words: what a query may say, and the same as SQL. Lists and reports share it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from operator import ge, gt, le, lt
from typing import Any, Protocol

from sqlalchemy import ColumnElement, func, literal_column, or_

from tms_core.errors import Fault, InvalidError
from tms_core.models import Priority, Status, Task
from tms_core.models.task import SEARCH_DOCUMENT
from tms_core.values import BIGGEST_ID, day

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {"gte": ge, "gt": gt, "lte": le, "lt": lt}
NAMES = (
    "priority", "status", "due_date", *(f"due_date_{word}" for word in COMPARISONS),
    "assigned_to", "created_by", "q",
)  # fmt: skip
NOBODY = "none"
SELF = "me"
LONGEST_SEARCH = 500
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
    """What a task must be to pass; empty parts let everything pass. None among `assigned_to` means nobody."""

    priority: frozenset[Priority] = frozenset()
    status: frozenset[Status] = frozenset()
    due_date: frozenset[date] = frozenset()
    due_bounds: tuple[tuple[str, date], ...] = ()
    assigned_to: frozenset[int | None] = frozenset()
    created_by: frozenset[int | None] = frozenset()
    q: str = ""

    def criteria(self) -> list[ColumnElement[bool]]:
        """The filter as SQL conditions on `Task`, all of which must hold."""
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
            (not self.priority or task.priority in self.priority)
            and (not self.status or task.status in self.status)
            and (not self.assigned_to or task.assigned_to in self.assigned_to)
            and (not self.created_by or task.created_by in self.created_by)
            and (not self.due_date or task.due_date in self.due_date)
            and all(
                task.due_date is not None and COMPARISONS[word](task.due_date, bound) for word, bound in self.due_bounds
            )
        )

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
    faults: list[Fault] = field(default_factory=list)

    def each(self, name: str, values: Iterable[str], convert: Callable[[str], Any]) -> frozenset[Any]:
        found = set()
        for part in (part.strip() for value in values for part in value.split(",")):
            try:
                found.add(convert(part))
            except ValueError as error:
                self.faults.append(Fault("query", name, str(error)))
        return frozenset(found)

    def user(self, word: str) -> int | None:
        if word == SELF:
            return self.actor_id
        if word == NOBODY:
            return None
        if word.isascii() and word.isdigit() and 0 < int(word) <= BIGGEST_ID:
            return int(word)
        raise ValueError("must be a user's id, me or none")


def _choice(kind: type[Priority] | type[Status]) -> Callable[[str], Any]:
    def convert(word: str) -> Any:
        try:
            return kind(word)
        except ValueError:
            raise ValueError(f"must be one of {', '.join(kind)}") from None

    return convert


def read_filter(values: dict[str, list[str]], *, actor_id: int) -> TaskFilter:
    """The filter that a query's parameters say (`values` holds those of `NAMES` that are there).

    Raises `InvalidError` with every fault. Several values are separated by commas or repeated.
    """
    reading = _Reading(actor_id)
    given = values.get
    bounds = [
        (word, bound)
        for word in COMPARISONS
        for bound in sorted(reading.each(f"due_date_{word}", given(f"due_date_{word}", []), day))
    ]
    found = TaskFilter(
        priority=reading.each("priority", given("priority", []), _choice(Priority)),
        status=reading.each("status", given("status", []), _choice(Status)),
        due_date=reading.each("due_date", given("due_date", []), day),
        due_bounds=tuple(bounds),
        assigned_to=reading.each("assigned_to", given("assigned_to", []), reading.user),
        created_by=reading.each("created_by", given("created_by", []), reading.user),
        q=_search(reading, given("q", [])),
    )
    if reading.faults:
        raise InvalidError(reading.faults)
    return found


def _search(reading: _Reading, values: list[str]) -> str:
    text = " ".join(values).strip()
    if "\x00" in text or len(text) > LONGEST_SEARCH:
        reading.faults.append(Fault("query", "q", f"must be text of at most {LONGEST_SEARCH} characters"))
    return text
