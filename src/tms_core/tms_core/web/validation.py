"""Validation of bodies and query strings with pydantic; all errors are reported at once."""

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar
from urllib.parse import parse_qsl

from pydantic import ConfigDict, ValidationError
from pyramid.httpexceptions import HTTPRequestEntityTooLarge, HTTPUnsupportedMediaType

from tms_core import error_codes as codes
from tms_core.error_codes import ErrorCode
from tms_core.errors import MAX_ERRORS, FieldError, InvalidError
from tms_core.validation_messages import invalid_value
from tms_core.web.body_bounds import require_few_values
from tms_core.web.schema_base import SchemaBase

S = TypeVar("S", bound="Schema")
MAX_DIGITS = 19
MAX_PARAMETERS = 2_000
MAX_QUERY_LENGTH = 65_536
NEEDS_JSON = "Send the body as Content-Type: application/json."


class Schema(SchemaBase):
    """Base class of request bodies: only declared fields, no implicit conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    # Discriminator values of unions; pydantic includes these in error locations, but the document does not have them.
    tags: ClassVar[frozenset[str]] = frozenset()


def body_of(request, schema: type[S], context: Any = None) -> S:
    """Return the JSON body validated by `schema`. `context` is passed to the schema's validators.

    Raises `InvalidError` with the errors of the body, or an HTTP exception for 413 or 415.
    """
    _require_plain(request)
    content_type = request.environ.get("CONTENT_TYPE", "").partition(";")[0].lower() or "application/json"
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise _problem(HTTPUnsupportedMediaType(), NEEDS_JSON, codes.UNSUPPORTED_MEDIA_TYPE)
    body = raw_body(request)
    require_few_values(body, frozenset(schema.model_fields) if schema.model_config["extra"] == "forbid" else None)
    try:
        return schema.model_validate_json(body, context=context)
    except ValidationError as error:
        raise InvalidError(schema_faults(schema, error), count=error.error_count()) from None


def _require_plain(request) -> None:
    """Raise 415 for a body with a content coding other than `identity` (RFC 9110, section 15.5.16)."""
    header = request.environ.get("HTTP_CONTENT_ENCODING")
    if not header:
        return
    codings = [coding.strip().lower() for coding in header.split(",")]
    if any(coding not in ("", "identity") for coding in codings):
        error = HTTPUnsupportedMediaType(headers={"Accept-Encoding": "identity"})
        raise _problem(error, "Send the body uncompressed, without Content-Encoding.", codes.CONTENT_ENCODED)


def raw_body(request) -> bytes:
    """Return the body as received; raises 413 if it exceeds the limit."""
    limit = request.registry.tms.core.body_limit
    # A body without Content-Length was buffered up to the limit by `transactions.attempts`, which set its length.
    if (request.content_length or 0) > limit:
        error = HTTPRequestEntityTooLarge()
        raise _problem(error, f"A body may have at most {limit} bytes.", codes.BODY_TOO_LARGE, maximum=limit)
    # Not from the stream, which the first attempt of a retried request has consumed.
    body: bytes = request.body
    return body


def query_of(request, names: Iterable[str]) -> dict[str, list[str]]:
    """Return the query parameters with all their values; raises `InvalidError` for parameters not in `names`."""
    known = frozenset(names)
    values = _query(request.environ.get("QUERY_STRING", ""))
    unknown = [name for name in values if name not in known]
    if unknown:
        allowed = ", ".join(sorted(known)) or "none"
        message, params = f"is not known here; known are: {allowed}", {"known": sorted(known)}
        raise InvalidError([FieldError("query", name, message, codes.UNKNOWN_PARAMETER, params) for name in unknown])
    return values


def _query(text: str) -> dict[str, list[str]]:
    # Not request.GET, which splits values at semicolons.
    if len(text) > MAX_QUERY_LENGTH:
        message = f"must have at most {MAX_QUERY_LENGTH:,} characters"
        raise InvalidError.of("query", message, codes.TOO_LONG, "query", maximum=MAX_QUERY_LENGTH)
    if text.count("&") >= MAX_PARAMETERS:
        message = f"must have at most {MAX_PARAMETERS:,} parameters"
        raise InvalidError.of("query", message, codes.TOO_MANY, "query", maximum=MAX_PARAMETERS)
    values: dict[str, list[str]] = {}
    try:
        decoded = text.encode("latin-1").decode()
        for name, value in parse_qsl(decoded, keep_blank_values=True, errors="strict"):
            values.setdefault(name, []).append(value)
    except UnicodeDecodeError:
        raise InvalidError.of("query", "must be UTF-8", codes.NOT_UTF8, "query") from None
    return values


def single_value(values: dict[str, list[str]], name: str) -> str | None:
    """Return the value of a query parameter, or None if absent; raises `InvalidError` if repeated."""
    given = values.get(name)
    if given is None:
        return None
    if len(given) > 1:
        raise InvalidError.of(name, "must stand once", codes.REPEATED, "query")
    return given[0]


def one_flag(values: dict[str, list[str]], name: str) -> bool | None:
    """Return a query parameter as a boolean, or None if absent; raises `InvalidError` if neither `true` nor `false`."""
    match single_value(values, name):
        case None:
            return None
        case "true":
            return True
        case "false":
            return False
    raise InvalidError.of(name, "must be true or false", codes.NOT_BOOLEAN, "query")


def one_number(values: dict[str, list[str]], name: str, *, default: int, least: int, most: int) -> int:
    """Return a query parameter as an integer; raises `InvalidError` outside `least` and `most`."""
    given = values.get(name, [str(default)])
    text = given[0] if len(given) == 1 else ""
    if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and least <= int(text) <= most:
        return int(text)
    message = f"must be one whole number from {least} to {most}"
    raise InvalidError.of(name, message, codes.OUT_OF_RANGE, "query", minimum=least, maximum=most)


def _problem(error: Any, detail: str, code: ErrorCode, **params: Any) -> Any:
    """Return an HTTP exception with members for its problem document."""
    error.problem_members = {"detail": detail, "code": code, "params": params}
    return error


def schema_faults(schema: type[Schema], error: ValidationError) -> list[FieldError]:
    """Return the first `MAX_ERRORS` errors of a body, with the messages of `validation_messages`."""
    found = error.errors(include_url=False, include_input=False)
    return [_field_error(schema, details) for details in found[:MAX_ERRORS]]


def _field_error(schema: type[Schema], details: Any) -> FieldError:
    path = [str(part) for part in details["loc"] if part not in schema.tags]
    if details["type"] in ("union_tag_invalid", "union_tag_not_found"):
        path.append(details["ctx"]["discriminator"].strip("'"))
    invalid = invalid_value(details)
    message = str(invalid)
    if details["type"] == "extra_forbidden" and len(details["loc"]) == 1:
        # Nested fields belong to another schema.
        message = f"{message}; fields are: {', '.join(schema.model_fields)}"
    return FieldError("body", ".".join(path) or "body", message, invalid.code, invalid.params)
