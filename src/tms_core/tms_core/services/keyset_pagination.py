"""Going on behind a given task in any ordering, at the same cost however deep.

The list is cut into stretches that follow one another. PostgreSQL reads each from its beginning along an index; asked
for all of them at once, with OR between them, it would sort what lies behind the task anew for every page.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, true, tuple_

from tms_core.models import Priority, Status
from tms_core.services.task_ordering import Ordering, Term

# In the database's order. Gone through value by value, so that inside each the next field's index helps.
FEW_VALUES: dict[str, list[Any]] = {"priority": list(Priority), "status": list(Status)}
# Of a field, the values that the filter lets through; none named means all. To look for another value would be to look
# through the whole table.
Among = Mapping[str, Collection[Any]]


@dataclass(frozen=True, slots=True)
class KeysetRange:
    """A part of an ordered list: which tasks stand in it, and what orders them there."""

    criteria: tuple[ColumnElement[bool], ...]
    ordering: Ordering


@dataclass(frozen=True, slots=True)
class _Group:
    """Tasks that differ from others in a field."""

    criterion: ColumnElement[bool]
    is_one_value: bool


def ranges(ordering: Ordering, values: Sequence[Any] | None, among: Among) -> Iterator[KeysetRange]:
    """All that comes behind the task with these values in the ordering's fields (None: the whole list), in order."""
    first, rest = ordering[0], ordering[1:]
    if all(term.name == "id" and term.descends is first.descends for term in rest):
        yield from _along_an_index(ordering, values)
        return
    if values is not None:
        # SQLAlchemy makes IS NULL of «== None».
        yield from _inside(first.column == first.key_of(values[0]), rest, values[1:], among)
    for group in _groups(first, values, among):
        if group.is_one_value:
            yield from _inside(group.criterion, rest, None, among)
        else:
            # Of many values: sorting the few tasks that have the same one costs little.
            yield KeysetRange((group.criterion,), ordering)


def _inside(
    criterion: ColumnElement[bool], rest: Ordering, values: Sequence[Any] | None, among: Among
) -> Iterator[KeysetRange]:
    for stretch in ranges(rest, values, among):
        yield KeysetRange((criterion, *stretch.criteria), stretch.ordering)


def _along_an_index(ordering: Ordering, values: Sequence[Any] | None) -> Iterator[KeysetRange]:
    """In the order of an index on a field and the id, or on the id alone."""
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
        # Compared as rows, which PostgreSQL looks up in the index.
        row, last = tuple_(first.column, tie.column), tuple_(first.key_of(value), last_id)
        yield KeysetRange((row < last if first.descends else row > last,), ordering)
    for group in _groups_of_other_emptiness(first, value):
        yield KeysetRange((group.criterion,), ordering)


def _groups(term: Term, values: Sequence[Any] | None, among: Among) -> list[_Group]:
    """What has a later value in the term's field (None: any value), in order."""
    if term.name in FEW_VALUES:
        members = FEW_VALUES[term.name][:: -1 if term.descends else 1]
        later = members[members.index(values[0]) + 1 :] if values else members
        wanted = among.get(term.name) or members
        return [_Group(term.column == member, True) for member in later if member in wanted]
    if values is None:
        return _all_groups(term)
    found = [] if values[0] is None else [_Group(_later(term, values[0]), False)]
    return found + _groups_of_other_emptiness(term, values[0])


def _all_groups(term: Term) -> list[_Group]:
    if not term.is_nullable:
        return [_Group(true(), False)]
    groups = [_Group(term.column.is_not(None), False), _Group(term.column.is_(None), True)]
    return groups[:: -1 if term.descends else 1]


def _groups_of_other_emptiness(term: Term, value: Any) -> list[_Group]:
    """Empty fields stand behind all values, and before them where the order descends."""
    if value is None:
        return [_Group(term.column.is_not(None), False)] if term.descends else []
    return [_Group(term.column.is_(None), True)] if term.is_nullable and not term.descends else []


def _later(term: Term, value: Any) -> ColumnElement[bool]:
    key = term.key_of(value)
    later: ColumnElement[bool] = term.column < key if term.descends else term.column > key
    return later
