"""Error details for paths with an invalid id."""

import re
from functools import lru_cache

from pyramid.interfaces import IRoutesMapper

from tms_core.error_codes import NOT_AN_ID
from tms_core.errors import FieldError
from tms_core.sanitizing import shortened
from tms_core.values import MAX_ID

PLACEHOLDER = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
DIGITS = r"\d+"
NUMBER = f"a whole number from 1 to {MAX_ID}"
MAX_ID_LENGTH = 40


def bad_id(name: str, text: str, expected: str = NUMBER) -> str:
    """Return the error message for an id of a path."""
    return f"{name} {_must_be(text, expected)}"


def _must_be(text: str, expected: str) -> str:
    return f"must be {expected}, not {shortened(text, MAX_ID_LENGTH)}"


def bad_ids(request) -> list[FieldError]:
    """Return the errors of a path that matches a route except that an id is not a number; empty for other paths."""
    path = request.path_info
    for route in request.registry.getUtility(IRoutesMapper).get_routes():
        if DIGITS in route.pattern and (found := _with_any_id(route.pattern).fullmatch(path)):
            alternatives = {name: _alternatives(expression) for name, expression in PLACEHOLDER.findall(route.pattern)}
            return [
                FieldError("path", name, _must_be(text, f"{NUMBER}{alternatives[name]}"), NOT_AN_ID)
                for name, text in found.groupdict().items()
                if not text.isdecimal()
            ]
    return []


@lru_cache(maxsize=256)
def _with_any_id(pattern: str) -> re.Pattern[str]:
    """Return a regular expression of a route's pattern that accepts any text as id."""
    parts, end = [], 0
    for place in PLACEHOLDER.finditer(pattern):
        name, expression = place.groups()
        parts += [re.escape(pattern[end : place.start()]), f"(?P<{name}>{_expression(expression)})"]
        end = place.end()
    return re.compile("".join([*parts, re.escape(pattern[end:])]))


def _alternatives(expression: str) -> str:
    r"""Return " or me" for `\d+|me`: the alternatives to a number, for an error message."""
    return "".join(f" or {one}" for one in expression.split("|") if one.isalpha())


def _expression(expression: str | None) -> str:
    return "[^/]+" if expression is None or DIGITS in expression else expression
