"""Orderings of the task list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, collate, func

from tms_core.errors import InvalidError
from tms_core.models.task import TASK

MAX_WORDS = 50
FIELDS = ("id", "due_date", "priority", "status", "created_at", "updated_at", "title")


@dataclass(frozen=True, slots=True)
class Term:
    """One field of an ordering. Empty dates stand behind all others, and before them when it descends."""

    name: str
    descends: bool

    @property
    def column(self) -> Any:
        """The expression to sort by, as in the field's index."""
        return self.key_of(TASK.c[self.name])

    def key_of(self, value: Any) -> Any:
        """The sort key of a value of this field."""
        return collate(func.fold_text(value), "C") if self.name == "title" else value

    @property
    def is_nullable(self) -> bool:
        return bool(TASK.c[self.name].nullable)

    @property
    def clause(self) -> ColumnElement[Any]:
        return self.column.desc() if self.descends else self.column.asc()


Ordering = tuple[Term, ...]
NEWEST_FIRST: Ordering = (Term("id", descends=True),)


def read_ordering(values: Sequence[str]) -> Ordering | None:
    """The terms of `ordering=` words, the id behind them where it is not among them: no two tasks are equal then. None
    where there are no words.

    Raises `InvalidError` naming what may stand there.
    """
    if sum(value.count(",") + 1 for value in values) > MAX_WORDS:
        raise InvalidError.of("ordering", f"must have at most {MAX_WORDS} words", "query")
    words = [word.strip() for value in values for word in value.split(",") if word.strip()]
    terms: dict[str, Term] = {}
    for word in words:
        name = word.removeprefix("-")
        if name not in FIELDS:
            raise InvalidError.of("ordering", f"must be among {', '.join(FIELDS)}, with - to descend", "query")
        # Behind the id nothing is left to order.
        if "id" not in terms:
            terms.setdefault(name, Term(name, word.startswith("-")))
    if not terms:
        return None
    if "id" not in terms:
        # In the direction of the term before it, so that one index serves the ordering both ways.
        terms["id"] = Term("id", next(reversed(terms.values())).descends)
    return tuple(terms.values())
