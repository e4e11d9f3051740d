"""Bounds of days, as `gte`, `gt`, `lte` and `lt` of a filter: many of them say no more than two."""

from collections.abc import Callable, Collection, Iterable
from datetime import date
from operator import ge, gt, le, lt
from typing import Any

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {"gte": ge, "gt": gt, "lte": le, "lt": lt}
Bounds = tuple[tuple[str, date], ...]


def strictest_bounds(bounds: Iterable[tuple[str, date]]) -> Bounds:
    """At most one lower and one upper bound, in this order, that hold for the same days as all of these."""
    given = list(bounds)
    # Of equal days the one that leaves the day itself out is the stricter one.
    lower = max(
        (one for one in given if one[0] in ("gte", "gt")), key=lambda one: (one[1], one[0] == "gt"), default=None
    )
    upper = min(
        (one for one in given if one[0] in ("lte", "lt")), key=lambda one: (one[1], one[0] == "lte"), default=None
    )
    return tuple(one for one in (lower, upper) if one)


def within_bounds(days: Collection[date | None], bounds: Bounds) -> frozenset[date | None]:
    """Those of the days that are within all bounds; None, which stands for no day, is within none."""
    return frozenset(
        one for one in days if all(one is not None and COMPARISONS[word](one, bound) for word, bound in bounds)
    )


def exclude_each_other(bounds: Bounds) -> bool:
    """Whether no day is within these bounds, of which there is at most one on each side."""
    if len(bounds) < 2:
        return False
    (lower_word, lower), (upper_word, upper) = bounds
    room = (upper - lower).days - (lower_word == "gt") - (upper_word == "lt")
    return room < 0
