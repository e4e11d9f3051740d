"""Orderings of the task list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, collate, func

from tms_core import error_codes as codes
from tms_core.errors import InvalidError
from tms_core.models.task import TASK

MAX_TERMS = 50
FIELDS = ("id", "due_date", "priority", "status", "created_at", "updated_at", "title")


@dataclass(frozen=True, slots=True)
class Term:
    """One field of an ordering. NULLs sort last, or first when descending."""

    name: str
    descends: bool

    @property
    def column(self) -> Any:
        """The sort expression, which is that of the field's index."""
        return self.key_of(TASK.c[self.name])

    def key_of(self, value: Any) -> Any:
        """Return the sort key of a value of this field."""
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
    """Return the ordering in the values of `ordering=`, or None if these are empty.

    The id is appended unless present, which makes the order total. Raises `InvalidError` for unknown fields.
    """
    if sum(value.count(",") + 1 for value in values) > MAX_TERMS:
        message = f"must have at most {MAX_TERMS} fields"
        raise InvalidError.of("ordering", message, codes.TOO_MANY, "query", maximum=MAX_TERMS)
    names = [name.strip() for value in values for name in value.split(",") if name.strip()]
    terms: dict[str, Term] = {}
    for signed_name in names:
        name = signed_name.removeprefix("-")
        if name not in FIELDS:
            message = f"must be among {', '.join(FIELDS)}, with - to descend"
            raise InvalidError.of("ordering", message, codes.UNKNOWN_ORDERING, "query", fields=[*FIELDS])
        # Fields after the id have no effect.
        if "id" not in terms:
            terms.setdefault(name, Term(name, signed_name.startswith("-")))
    if not terms:
        return None
    if "id" not in terms:
        # In the direction of the previous term, so that one index serves both directions.
        terms["id"] = Term("id", next(reversed(terms.values())).descends)
    return tuple(terms.values())
