"""OpenAPI responses of an operation, and the shared responses."""

from http import HTTPStatus
from typing import Any

from tms_core.web.openapi.decorators import Answer, Header, Link
from tms_core.web.openapi.problems import MEANINGS, PROBLEM_JSON, Problem, example, is_problem, standard_answer
from tms_core.web.openapi.schemas import SchemaCollection


def response(status: int, answer: Answer | None, schemas: SchemaCollection) -> dict[str, Any]:
    """Return the Response object of an answer; None refers to the shared response of the status."""
    if answer is None or (answer == Answer() and status in MEANINGS):
        return {"$ref": f"#/components/responses/{_name(status)}"}
    usual = standard_answer(status) if status in MEANINGS else Answer()
    body = Problem if answer.body is None and status >= 400 else answer.body
    found: dict[str, Any] = {"description": answer.description or usual.description or _docstring(body, status)}
    if headers := answer.headers or (usual.headers if is_problem(body) else ()):
        found["headers"] = {header.name: _header(header) for header in headers}
    if body is not None:
        found["content"] = _content(status, body, answer, schemas)
    if answer.links:
        found["links"] = {link.operation_id: _link(link) for link in answer.links}
    return found


def shared_responses(schemas: SchemaCollection) -> dict[str, Any]:
    """Return the components that `response` refers to."""
    return {_name(status): response(status, standard_answer(status), schemas) for status in MEANINGS}


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")


def _docstring(body: Any, status: int) -> str:
    text = (getattr(body, "__doc__", None) or "") if isinstance(body, type) else ""
    return " ".join(text.split()) or HTTPStatus(status).phrase


def _content(status: int, body: Any, answer: Answer, schemas: SchemaCollection) -> dict[str, Any]:
    if not is_problem(body):
        carried = {**dict.fromkeys(answer.content_types, body), **answer.more}
        return {kind: {"schema": schemas.of(one, "serialization")} for kind, one in carried.items()}
    content = {"schema": schemas.of(body, "serialization")}
    # Subclasses of Problem with additional members have their own example.
    return {PROBLEM_JSON: {**content, "example": example(status)} if body is Problem else content}


def _header(header: Header) -> dict[str, Any]:
    return {
        "description": header.description,
        "required": not header.is_optional,
        "schema": {"type": "string"},
        "example": header.example,
    }


def _link(link: Link) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": link.operation_id}
    if link.parameters:
        found["parameters"] = dict(link.parameters)
    if link.body is not None:
        found["requestBody"] = link.body
    return found
