"""Date bounds (`gte`, `gt`, `lte`, `lt`) of a filter, reduced to at most one lower and one upper bound."""

from collections.abc import Callable, Collection, Iterable
from datetime import date
from operator import ge, gt, le, lt
from typing import Any

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {"gte": ge, "gt": gt, "lte": le, "lt": lt}
Bounds = tuple[tuple[str, date], ...]


def strictest_bounds(bounds: Iterable[tuple[str, date]]) -> Bounds:
    """Return at most one lower and one upper bound, in this order, that are equivalent to all the bounds."""
    given = list(bounds)
    # For equal days, the exclusive bound is stricter.
    lower = max(
        (one for one in given if one[0] in ("gte", "gt")), key=lambda one: (one[1], one[0] == "gt"), default=None
    )
    upper = min(
        (one for one in given if one[0] in ("lte", "lt")), key=lambda one: (one[1], one[0] == "lte"), default=None
    )
    return tuple(one for one in (lower, upper) if one)


def within_bounds(days: Collection[date | None], bounds: Bounds) -> frozenset[date | None]:
    """Return the days within all bounds; None (no date) is outside every bound."""
    return frozenset(
        one for one in days if all(one is not None and COMPARISONS[operator](one, bound) for operator, bound in bounds)
    )


def exclude_each_other(bounds: Bounds) -> bool:
    """Return whether no day is within the bounds, of which there is at most one on each side."""
    if len(bounds) < 2:
        return False
    (lower_operator, lower), (upper_operator, upper) = bounds
    room = (upper - lower).days - (lower_operator == "gt") - (upper_operator == "lt")
    return room < 0
