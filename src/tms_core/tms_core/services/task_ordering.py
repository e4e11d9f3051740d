"""Orderings of the task list, and going on behind a given task in each of them at the same cost however deep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, tuple_

from tms_core.errors import InvalidError
from tms_core.models.task import TASK

FIELDS = ("id", "due_date", "priority", "status", "created_at", "updated_at", "title")


@dataclass(frozen=True, slots=True)
class Term:
    """One field of an ordering. Empty dates stand behind all others, and before them when it descends."""

    name: str
    descends: bool

    @property
    def column(self) -> Any:
        return TASK.c[self.name]

    @property
    def clause(self) -> ColumnElement[Any]:
        return self.column.desc() if self.descends else self.column.asc()


Ordering = tuple[Term, ...]
NEWEST_FIRST: Ordering = (Term("id", descends=True),)


def read_ordering(values: Sequence[str]) -> Ordering:
    """The terms of `ordering=` words, the id behind them where it is not among them: no two tasks are equal then.

    Raises `InvalidError` naming what may stand there.
    """
    words = [word.strip() for value in values for word in value.split(",") if word.strip()]
    terms: dict[str, Term] = {}
    for word in words:
        name = word.removeprefix("-")
        if name not in FIELDS:
            raise InvalidError.of("ordering", f"must be among {', '.join(FIELDS)}, with - to descend", "query")
        terms.setdefault(name, Term(name, word.startswith("-")))
    if not terms:
        return NEWEST_FIRST
    if "id" not in terms:
        # In the direction of the term before it, so that one index serves the ordering both ways.
        terms["id"] = Term("id", next(reversed(terms.values())).descends)
    return tuple(terms.values())


def behind(ordering: Ordering, values: Sequence[Any]) -> list[ColumnElement[bool]]:
    """Conditions for what comes behind the task with these values, to be asked one after the other: together they
    are all of it, in order."""
    if len(ordering) == 2 and ordering[1].name == "id" and ordering[0].descends is ordering[1].descends:
        return _behind_in_index(*ordering, *values)
    return [_behind_in_any(ordering, values)]


def _behind_in_index(first: Term, tie: Term, value: Any, last_id: int) -> list[ColumnElement[bool]]:
    """By comparing rows, which PostgreSQL looks up in an index on (field, id). Rows with an empty date cannot be
    compared, so they are asked for apart."""
    after_id = tie.column < last_id if tie.descends else tie.column > last_id
    is_empty = first.column.is_(None)
    if value is None:
        rest = [first.column.is_not(None)] if first.descends else []
        return [and_(is_empty, after_id), *rest]
    row, last = tuple_(first.column, tie.column), tuple_(value, last_id)
    later = row < last if first.descends else row > last
    return [later, is_empty] if first.column.nullable and not first.descends else [later]


def _behind_in_any(ordering: Ordering, values: Sequence[Any]) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = false()
    for term, value in zip(reversed(ordering), reversed(values), strict=True):
        condition = or_(_later(term, value), and_(_same(term, value), condition))
    return condition


def _same(term: Term, value: Any) -> ColumnElement[bool]:
    return term.column.is_(None) if value is None else term.column == value


def _later(term: Term, value: Any) -> ColumnElement[bool]:
    if value is None:
        return term.column.is_not(None) if term.descends else false()
    if term.descends:
        return term.column < value
    later = term.column > value
    return or_(later, term.column.is_(None)) if term.column.nullable else later
