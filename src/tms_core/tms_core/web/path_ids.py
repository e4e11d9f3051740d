"""Answers for paths whose id is no id: they name it, so that nobody looks for the fault elsewhere."""

import re
from functools import lru_cache

from pyramid.interfaces import IRoutesMapper

from tms_core.errors import FieldError
from tms_core.sanitizing import shortened
from tms_core.values import MAX_ID

PLACEHOLDER = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
DIGITS = r"\d+"
NUMBER = f"a whole number from 1 to {MAX_ID}"
MAX_ID_LENGTH = 40


def bad_id(name: str, text: str, expected: str = NUMBER) -> str:
    """The sentence about one id of a path."""
    return f"{name} must be {expected}, not {shortened(text, MAX_ID_LENGTH)}"


def bad_ids(request) -> list[FieldError]:
    """The faults of a path that would be a route's, were its ids numbers; empty for every other path."""
    path = request.path_info
    for route in request.registry.getUtility(IRoutesMapper).get_routes():
        if DIGITS in route.pattern and (found := _with_any_id(route.pattern).fullmatch(path)):
            words = {name: _words(expression) for name, expression in PLACEHOLDER.findall(route.pattern)}
            return [
                FieldError("path", name, bad_id(name, text, f"{NUMBER}{words[name]}").removeprefix(f"{name} "))
                for name, text in found.groupdict().items()
                if not text.isdecimal()
            ]
    return []


@lru_cache(maxsize=256)
def _with_any_id(pattern: str) -> re.Pattern[str]:
    """A route's pattern as an expression that takes any text as its ids."""
    parts, end = [], 0
    for place in PLACEHOLDER.finditer(pattern):
        name, expression = place.groups()
        parts += [re.escape(pattern[end : place.start()]), f"(?P<{name}>{_expression(expression)})"]
        end = place.end()
    return re.compile("".join([*parts, re.escape(pattern[end:])]))


def _words(expression: str) -> str:
    r"""The alternatives to a number in `\d+|me`, as they continue a sentence."""
    return "".join(f" or {one}" for one in expression.split("|") if one.isalpha())


def _expression(expression: str | None) -> str:
    return "[^/]+" if expression is None or DIGITS in expression else expression
