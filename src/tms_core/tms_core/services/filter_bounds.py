"""Bounds (`gte`, `gt`, `lte`, `lt`) of a filter, reduced to at most one lower and one upper bound.

A bound is a tuple that begins with the operator and the value: a day, or an instant.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, timedelta
from operator import ge, gt, le, lt
from typing import Any, TypeVar

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {"gte": ge, "gt": gt, "lte": le, "lt": lt}
Bounds = tuple[tuple[str, date], ...]
B = TypeVar("B", bound=tuple[Any, ...])
ONE_DAY = timedelta(days=1)


def strictest_bounds(bounds: Iterable[B]) -> tuple[B, ...]:
    """Return at most one lower and one upper bound, in this order, that are equivalent to all the bounds."""
    given = list(bounds)
    # For equal values, the exclusive bound is stricter.
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


def exclude_each_other(bounds: Sequence[tuple[Any, ...]], unit: timedelta = ONE_DAY) -> bool:
    """Return whether no value is within the bounds, of which there is at most one on each side.

    `unit` is the difference between two consecutive values.
    """
    if len(bounds) < 2:
        return False
    (lower_operator, lower, *_), (upper_operator, upper, *_) = bounds
    return upper - lower < unit * ((lower_operator == "gt") + (upper_operator == "lt"))
