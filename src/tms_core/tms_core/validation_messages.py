"""Validation messages in the product's own wording: one sentence per error type of pydantic."""

from collections.abc import Mapping
from typing import Any

OBJECT = "must be a JSON object"
WHOLE = "must be a whole number"
NUMBER = "must be a number"
BOOLEAN = "must be true or false"
TEXT = "must be text"
LIST = "must be a list"
DAY = "must be YYYY-MM-DD"
INSTANT = "must be an instant such as 2027-03-01T12:00:00Z"
FALLBACK = "does not have the form that is expected here"
# Errors that only follow from another error of the same settings, and would be misleading.
CONSEQUENCES = frozenset({"default_factory_not_called"})

FIXED: Mapping[str, str] = {
    **dict.fromkeys(("missing", "missing_argument", "union_tag_not_found"), "is required"),
    **dict.fromkeys(("string_type", "string_sub_type", "string_unicode", "bytes_type"), TEXT),
    **dict.fromkeys(("bool_type", "bool_parsing"), BOOLEAN),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number", "decimal_type", "decimal_parsing"), NUMBER),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"), LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"), OBJECT),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), DAY),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_object_invalid", "datetime_from_date_parsing"), INSTANT
    ),
    "timezone_aware": f"{INSTANT}, with its time zone",
    "extra_forbidden": "is not a field here",
    "none_required": "must be null",
    "string_pattern_mismatch": "has characters, or an order of them, that are not allowed here",
    **dict.fromkeys(("uuid_type", "uuid_parsing", "uuid_version"), "must be a UUID"),
    **dict.fromkeys(("url_type", "url_parsing", "url_syntax_violation", "url_scheme"), "must be a URL"),
    "path_type": "must be a path",
    "path_not_file": "must be the path of a file that exists",
    "path_not_directory": "must be the path of a folder that exists",
    "recursion_loop": "is nested too deep",
}


def message_of(details: Mapping[str, Any]) -> str:
    """Return the message for one entry of `ValidationError.errors()`."""
    kind: str = details["type"]
    context = details.get("ctx") or {}
    if kind in FIXED:
        return FIXED[kind]
    return _of_bounds(kind, context) or _of_choices(kind, context) or FALLBACK


def _of_bounds(kind: str, context: Mapping[str, Any]) -> str | None:
    match kind:
        case "string_too_short":
            return f"must have at least {_number(context['min_length'], 'character')}"
        case "string_too_long":
            return f"must have at most {_number(context['max_length'], 'character')}"
        case "too_short":
            return f"must have at least {_number(context['min_length'], 'entry', 'entries')}"
        case "too_long":
            return f"must have at most {_number(context['max_length'], 'entry', 'entries')}"
        case "greater_than_equal":
            return f"must be at least {_plain(context['ge'])}"
        case "greater_than":
            return f"must be more than {_plain(context['gt'])}"
        case "less_than_equal":
            return f"must be at most {_plain(context['le'])}"
        case "less_than":
            return f"must be less than {_plain(context['lt'])}"
        case "multiple_of":
            return f"must be a multiple of {_plain(context['multiple_of'])}"
    return None


def _of_choices(kind: str, context: Mapping[str, Any]) -> str | None:
    match kind:
        case "enum" | "literal_error":
            return f"must be one of {_choices(context['expected'])}"
        case "union_tag_invalid":
            return f"must be one of {_choices(context['expected_tags'])}"
        case "json_invalid" | "json_type":
            return f"must be JSON: {context['error']}" if "error" in context else "must be JSON"
        case "value_error" | "assertion_error":
            return str(context["error"])
    return None


def _choices(expected: object) -> str:
    return str(expected).replace(" or ", ", ").replace("'", "")


def _number(amount: int, one: str, many: str = "") -> str:
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def _plain(bound: Any) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)
