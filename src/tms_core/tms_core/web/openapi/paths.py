"""OpenAPI paths and path parameters from route patterns."""

from typing import Any

from tms_core.values import MAX_ID
from tms_core.web.path_ids import DIGITS, PLACEHOLDER

AN_ID: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": MAX_ID}


def path_of(pattern: str) -> str:
    """Return a route's pattern without its regular expressions."""
    return PLACEHOLDER.sub(r"{\1}", pattern)


def path_parameters(pattern: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _schema(expression), "description": _help(expression)}
        for name, expression in PLACEHOLDER.findall(pattern)
    ]


def _schema(expression: str) -> dict[str, Any]:
    r"""Return the schema of a placeholder: `\d+` is an id, `\d+|me` an id or the constant `me`."""
    if not expression:
        return {"type": "string", "minLength": 1}
    kinds = [_alternative(one) for one in expression.split("|")]
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _alternative(expression: str) -> dict[str, Any]:
    if expression == DIGITS:
        return dict(AN_ID)
    if expression.isalpha():
        return {"const": expression}
    return {"type": "string", "pattern": f"^({expression})$"}


def _help(expression: str) -> str:
    words = [one for one in expression.split("|") if one.isalpha()]
    return " ".join(["Its id.", *(f"Or `{word}`, for oneself." for word in words)])
