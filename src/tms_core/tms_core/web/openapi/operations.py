"""OpenAPI operations, from a method's documentation and its route."""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

from tms_core.web.openapi.decorators import JSON, Documentation, ResponseDoc, as_response, documentation_of
from tms_core.web.openapi.parameters import Parameter
from tms_core.web.openapi.paths import path_parameters
from tms_core.web.openapi.responses import response_object
from tms_core.web.openapi.schemas import SchemaCollection
from tms_core.web.path_ids import PLACEHOLDER
from tms_core.web.resource import Method

BEARER: dict[str, list[str]] = {"bearer": []}
NO_TOKEN: dict[str, list[str]] = {}


def operation(method: Method, tag: str, scope: str | None, schemas: SchemaCollection) -> dict[str, Any]:
    """Return the Operation object of a method. `scope` is that of personal tokens; None if they are rejected."""
    docs = documentation_of(method.function)
    summary, description = _sentences(method.function.__doc__ or "")
    found: dict[str, Any] = {
        "operationId": docs.operation_id or f"{method.resource.__name__}_{method.function.__name__}".lower(),
        "tags": [tag],
        "summary": summary,
        "description": description,
        "security": _security(method, docs, scope),
        "parameters": [*path_parameters(method.pattern), *(_parameter(one, schemas) for one in _parameters_of(docs))],
    }
    if docs.body is not None:
        content = {JSON: {"schema": schemas.of(docs.body, "validation")}}
        found["requestBody"] = {"required": not docs.is_body_optional, "content": content}
    responses = responses_of(method)
    found["responses"] = {
        str(status): response_object(status, responses[status], schemas) for status in sorted(responses)
    }
    return {name: value for name, value in found.items() if value or name == "security"}


def responses_of(method: Method) -> dict[int, ResponseDoc | None]:
    """Return the responses of a method by status, including those of its parameters; None means the shared response."""
    docs = documentation_of(method.function)
    found: dict[int, ResponseDoc | None] = dict.fromkeys(_usual_errors(method, docs))
    for parameter in _parameters_of(docs):
        found |= {status: as_response(one) for status, one in parameter.responses.items()}
    return found | dict(docs.responses or {200: ResponseDoc()})


def _usual_errors(method: Method, docs: Documentation) -> Iterator[int]:
    if docs.body is not None or docs.query is not None:
        yield 400
    if docs.body is not None:
        yield from (413, 415)
    if not method.is_open:
        yield from (401, 403, 429)
    if PLACEHOLDER.search(method.pattern):
        yield 404
    if method.verb != "OPTIONS":
        yield 412
    yield 500
    if docs.needs_database:
        yield 503


def _sentences(text: str) -> tuple[str, str]:
    """Split a docstring into its first sentence, without the full stop, and the rest."""
    first, _, rest = " ".join(cleandoc(text).split()).partition(". ")
    return first.removesuffix("."), rest


def _security(method: Method, docs: Documentation, scope: str | None) -> list[dict[str, list[str]]]:
    if docs.is_token_optional:
        return [NO_TOKEN, BEARER]
    if method.is_open:
        return []
    return [BEARER, {"personal": [scope]}] if scope else [BEARER]


def _parameters_of(docs: Documentation) -> tuple[Parameter, ...]:
    return (*(docs.query or ()), *docs.headers)


def _parameter(one: Parameter, schemas: SchemaCollection) -> dict[str, Any]:
    schema = schemas.of(one.kind, "validation")
    if one.default is not None:
        schema["default"] = one.default
    found: dict[str, Any] = {"name": one.name, "in": one.where, "description": one.help, "schema": schema}
    if one.is_required:
        found["required"] = True
    return found if one.example is None else {**found, "example": one.example}
