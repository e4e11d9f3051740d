"""Bodies and queries through pydantic, every fault at once, in words that say what would be right."""

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, ValidationError
from pyramid.httpexceptions import HTTPRequestEntityTooLarge, HTTPUnsupportedMediaType

from tms_core.errors import Fault, InvalidError
from tms_core.web.described import Described

S = TypeVar("S", bound="Schema")
LONGEST_NUMBER = 19


class Schema(Described):
    """A body: only declared fields, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    # Words that tell members of a union apart; they stand in pydantic's paths, but in no path of the document.
    tags: ClassVar[frozenset[str]] = frozenset()


def body_of(request, schema: type[S], context: Any = None) -> S:
    """The request's JSON body as `schema`; raises `InvalidError` with all its faults, 413 or 415. `context` is handed
    to validators that need more than the value."""
    content_type = request.content_type.lower() or "application/json"
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise _with_detail(HTTPUnsupportedMediaType(), "Send the body as Content-Type: application/json.")
    try:
        return schema.model_validate_json(raw_body(request), context=context)
    except ValidationError as error:
        raise InvalidError([_fault(schema, fault) for fault in error.errors(include_url=False)]) from None


def raw_body(request) -> bytes:
    """The request's body as it came; raises 413 where it is too long to be read."""
    limit = request.registry.tms.core.body_limit
    # One whose length was not told has been read up to the limit (see transactions.attempts) and has one now.
    if (request.content_length or 0) > limit:
        raise _with_detail(HTTPRequestEntityTooLarge(), f"A body may have at most {limit} bytes.")
    # Not from the stream: a request that is tried again has read that to its end before.
    body: bytes = request.body
    return body


def query_of(request, names: Iterable[str]) -> dict[str, list[str]]:
    """The query's parameters, each with all its values; raises `InvalidError` naming every unknown one."""
    known = frozenset(names)
    values = _query(request.environ.get("QUERY_STRING", ""))
    unknown = [name for name in values if name not in known]
    if unknown:
        allowed = ", ".join(sorted(known)) or "none"
        raise InvalidError([Fault("query", name, f"is not known here; known are: {allowed}") for name in unknown])
    return values


def _query(text: str) -> dict[str, list[str]]:
    # Not request.GET: there a semicolon in a value ends it.
    values: dict[str, list[str]] = {}
    try:
        decoded = text.encode("latin-1").decode()
        for name, value in parse_qsl(decoded, keep_blank_values=True, errors="strict"):
            values.setdefault(name, []).append(value)
    except UnicodeDecodeError:
        raise InvalidError.of("query", "must be UTF-8", "query") from None
    return values


def one_number(values: dict[str, list[str]], name: str, *, default: int, least: int, most: int) -> int:
    """A whole number from the query; raises `InvalidError` naming its bounds."""
    given = values.get(name, [str(default)])
    text = given[0] if len(given) == 1 else ""
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER and least <= int(text) <= most:
        return int(text)
    raise InvalidError.of(name, f"must be one whole number from {least} to {most}", "query")


def _with_detail(error: Any, detail: str) -> Any:
    error.problem_detail = detail
    return error


def _fault(schema: type[Schema], fault: Any) -> Fault:
    field = ".".join(str(part) for part in fault["loc"] if part not in schema.tags) or "body"
    return Fault("body", field, _message(schema, fault))


def _message(schema: type[BaseModel], fault: Any) -> str:
    context = fault.get("ctx", {})
    match fault["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            # Deeper down, the fields are another schema's.
            is_own = len(fault["loc"]) == 1
            return "is not a field here" + (f"; fields are: {', '.join(schema.model_fields)}" if is_own else "")
        case "enum" | "literal_error":
            return f"must be one of {str(context['expected']).replace(' or ', ', ').replace(chr(39), '')}"
        case "string_type":
            return "must be text"
        case "string_too_short":
            return f"must have at least {context['min_length']} character{'s'[: context['min_length'] > 1]}"
        case "string_too_long":
            return f"must have at most {context['max_length']} characters"
        case "bool_type":
            return "must be true or false"
        case "int_type":
            return "must be a whole number"
        case "json_invalid":
            return f"must be JSON: {context['error']}"
        case "model_type" | "model_attributes_type":
            return "must be a JSON object"
        case "value_error":
            return str(context["error"])
        case _:
            return fault["msg"]
