"""Validation errors in the product's own wording: one sentence and one code per error type of pydantic."""

from collections.abc import Mapping
from typing import Any

from tms_core import error_codes as codes
from tms_core.error_codes import ErrorCode
from tms_core.invalid_values import InvalidValueError

OBJECT = ("must be a JSON object", codes.NOT_OBJECT)
WHOLE = ("must be a whole number", codes.NOT_WHOLE_NUMBER)
NUMBER = ("must be a number", codes.NOT_NUMBER)
BOOLEAN = ("must be true or false", codes.NOT_BOOLEAN)
TEXT = ("must be text", codes.NOT_TEXT)
LIST = ("must be a list", codes.NOT_LIST)
DAY = ("must be YYYY-MM-DD", codes.NOT_DATE)
INSTANT = ("must be an instant such as 2027-03-01T12:00:00Z", codes.NOT_INSTANT)
FALLBACK = ("does not have the form that is expected here", codes.INVALID_VALUE)
# Errors that only follow from another error of the same settings, and would be misleading.
CONSEQUENCES = frozenset({"default_factory_not_called"})

FIXED: Mapping[str, tuple[str, ErrorCode]] = {
    **dict.fromkeys(("missing", "missing_argument", "union_tag_not_found"), ("is required", codes.REQUIRED)),
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
    "timezone_aware": (f"{INSTANT[0]}, with its time zone", codes.NOT_INSTANT),
    "extra_forbidden": ("is not a field here", codes.UNKNOWN_FIELD),
    "none_required": ("must be null", codes.NOT_NULL),
    "string_pattern_mismatch": ("has characters, or an order of them, that are not allowed here", codes.BAD_PATTERN),
    **dict.fromkeys(("uuid_type", "uuid_parsing", "uuid_version"), ("must be a UUID", codes.NOT_UUID)),
    **dict.fromkeys(
        ("url_type", "url_parsing", "url_syntax_violation", "url_scheme"), ("must be a URL", codes.NOT_URL)
    ),
    "path_type": ("must be a path", codes.NOT_PATH),
    "path_not_file": ("must be the path of a file that exists", codes.NOT_PATH),
    "path_not_directory": ("must be the path of a folder that exists", codes.NOT_PATH),
    "recursion_loop": ("is nested too deep", codes.NESTED_TOO_DEEP),
}


def invalid_value(details: Mapping[str, Any]) -> InvalidValueError:
    """Return the message, code and parameters for one entry of `ValidationError.errors()`."""
    kind: str = details["type"]
    context = details.get("ctx") or {}
    if kind in FIXED:
        return InvalidValueError(*FIXED[kind])
    return _of_bounds(kind, context) or _of_choices(kind, context) or InvalidValueError(*FALLBACK)


def _of_bounds(kind: str, context: Mapping[str, Any]) -> InvalidValueError | None:
    match kind:
        case "string_too_short":
            least = context["min_length"]
            message = f"must have at least {_number(least, 'character')}"
            return InvalidValueError(message, codes.TOO_SHORT, minimum=least)
        case "string_too_long":
            most = context["max_length"]
            return InvalidValueError(f"must have at most {_number(most, 'character')}", codes.TOO_LONG, maximum=most)
        case "too_short":
            least = context["min_length"]
            message = f"must have at least {_number(least, 'entry', 'entries')}"
            return InvalidValueError(message, codes.TOO_FEW, minimum=least)
        case "too_long":
            most = context["max_length"]
            message = f"must have at most {_number(most, 'entry', 'entries')}"
            return InvalidValueError(message, codes.TOO_MANY, maximum=most)
    return _of_numbers(kind, context)


def _of_numbers(kind: str, context: Mapping[str, Any]) -> InvalidValueError | None:
    match kind:
        case "greater_than_equal":
            bound = context["ge"]
            return InvalidValueError(f"must be at least {_plain(bound)}", codes.TOO_SMALL, minimum=bound)
        case "greater_than":
            bound = context["gt"]
            return InvalidValueError(f"must be more than {_plain(bound)}", codes.NOT_ABOVE, bound=bound)
        case "less_than_equal":
            bound = context["le"]
            return InvalidValueError(f"must be at most {_plain(bound)}", codes.TOO_LARGE, maximum=bound)
        case "less_than":
            bound = context["lt"]
            return InvalidValueError(f"must be less than {_plain(bound)}", codes.NOT_BELOW, bound=bound)
        case "multiple_of":
            factor = context["multiple_of"]
            return InvalidValueError(f"must be a multiple of {_plain(factor)}", codes.NOT_A_MULTIPLE, factor=factor)
    return None


def _of_choices(kind: str, context: Mapping[str, Any]) -> InvalidValueError | None:
    match kind:
        case "enum" | "literal_error" | "union_tag_invalid":
            expected = _choices(context["expected_tags" if kind == "union_tag_invalid" else "expected"])
            return InvalidValueError(f"must be one of {expected}", codes.NOT_A_CHOICE, choices=expected.split(", "))
        case "json_invalid" | "json_type":
            message = f"must be JSON: {context['error']}" if "error" in context else "must be JSON"
            return InvalidValueError(message, codes.NOT_JSON)
        case "value_error" | "assertion_error":
            error = context["error"]
            is_coded = isinstance(error, InvalidValueError)
            return error if is_coded else InvalidValueError(str(error), codes.INVALID_VALUE)
    return None


def _choices(expected: object) -> str:
    return str(expected).replace(" or ", ", ").replace("'", "")


def _number(amount: int, one: str, many: str = "") -> str:
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def _plain(bound: Any) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)
