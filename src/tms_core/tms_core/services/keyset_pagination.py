"""Keyset pagination for any ordering of the task list, at a cost that does not depend on the depth.

The list is split into consecutive ranges, each of which PostgreSQL reads along an index. A single query with OR between
the ranges would sort the rest of the list for every page.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, true, tuple_

from tms_core.models import Priority, Status
from tms_core.services.task_ordering import Ordering, Term

# Fields with few values, in the database's order. Each value is its own range, so that the next field's index is used.
FEW_VALUES: dict[str, list[Any]] = {"priority": list(Priority), "status": list(Status)}
# The values of a field that the filter accepts; an absent or empty entry accepts all. Other values are skipped, because
# searching for them would scan the whole table.
Among = Mapping[str, Collection[Any]]


@dataclass(frozen=True, slots=True)
class KeysetRange:
    """A contiguous part of an ordered list: the criteria of its tasks and the ordering within."""

    criteria: tuple[ColumnElement[bool], ...]
    ordering: Ordering


@dataclass(frozen=True, slots=True)
class _Group:
    """The tasks whose value in a field meets a criterion."""

    criterion: ColumnElement[bool]
    is_one_value: bool


def ranges(ordering: Ordering, values: Sequence[Any] | None, among: Among) -> Iterator[KeysetRange]:
    """Yield the ranges after the task with these values in the ordering's fields; None yields the whole list."""
    first, rest = ordering[0], ordering[1:]
    if all(term.name == "id" and term.descends is first.descends for term in rest):
        yield from _along_an_index(ordering, values)
        return
    if values is not None:
        # SQLAlchemy compiles `== None` to IS NULL.
        yield from _inside(first.column == first.key_of(values[0]), rest, values[1:], among)
    for group in _groups(first, values, among):
        if group.is_one_value:
            yield from _inside(group.criterion, rest, None, among)
        else:
            # Fields with many values: few tasks share one, so sorting those is cheap.
            yield KeysetRange((group.criterion,), ordering)


def _inside(
    criterion: ColumnElement[bool], rest: Ordering, values: Sequence[Any] | None, among: Among
) -> Iterator[KeysetRange]:
    for inner in ranges(rest, values, among):
        yield KeysetRange((criterion, *inner.criteria), inner.ordering)


def _along_an_index(ordering: Ordering, values: Sequence[Any] | None) -> Iterator[KeysetRange]:
    """Yield the ranges of an ordering that an index on a field and the id, or on the id alone, supports."""
    if values is None:
        yield KeysetRange((), ordering)
        return
    first, tie = ordering[0], ordering[-1]
    value, last_id = values[0], values[-1]
    if first is tie:
        yield KeysetRange((_later(tie, last_id),), ordering)
    elif value is None:
        yield KeysetRange((first.column.is_(None), _later(tie, last_id)), ordering)
    else:
        # A row comparison, which PostgreSQL evaluates by the index.
        row, last = tuple_(first.column, tie.column), tuple_(first.key_of(value), last_id)
        yield KeysetRange((row < last if first.descends else row > last,), ordering)
    for group in _null_groups(first, value):
        yield KeysetRange((group.criterion,), ordering)


def _groups(term: Term, values: Sequence[Any] | None, among: Among) -> list[_Group]:
    """Return the groups with later values in the term's field, in order; None for `values` returns all."""
    if term.name in FEW_VALUES:
        members = FEW_VALUES[term.name][:: -1 if term.descends else 1]
        later = members[members.index(values[0]) + 1 :] if values else members
        wanted = among.get(term.name) or members
        return [_Group(term.column == member, True) for member in later if member in wanted]
    if values is None:
        return _all_groups(term)
    found = [] if values[0] is None else [_Group(_later(term, values[0]), False)]
    return found + _null_groups(term, values[0])


def _all_groups(term: Term) -> list[_Group]:
    if not term.is_nullable:
        return [_Group(true(), False)]
    groups = [_Group(term.column.is_not(None), False), _Group(term.column.is_(None), True)]
    return groups[:: -1 if term.descends else 1]


def _null_groups(term: Term, value: Any) -> list[_Group]:
    """Return the groups after `value` across the NULL boundary; NULL sorts last ascending and first descending."""
    if value is None:
        return [_Group(term.column.is_not(None), False)] if term.descends else []
    return [_Group(term.column.is_(None), True)] if term.is_nullable and not term.descends else []


def _later(term: Term, value: Any) -> ColumnElement[bool]:
    key = term.key_of(value)
    later: ColumnElement[bool] = term.column < key if term.descends else term.column > key
    return later
