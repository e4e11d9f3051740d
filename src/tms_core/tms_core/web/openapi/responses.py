"""OpenAPI responses of an operation, and the shared responses."""

from http import HTTPStatus
from typing import Any

from tms_core.web.openapi.decorators import Header, Link, ResponseDoc
from tms_core.web.openapi.problems import MEANINGS, PROBLEM_JSON, Problem, example, is_problem, standard_response
from tms_core.web.openapi.schemas import SchemaCollection


def response_object(status: int, doc: ResponseDoc | None, schemas: SchemaCollection) -> dict[str, Any]:
    """Return the Response object of a documented response; None refers to the shared response of the status."""
    if doc is None or (doc == ResponseDoc() and status in MEANINGS):
        return {"$ref": f"#/components/responses/{_name(status)}"}
    usual = standard_response(status) if status in MEANINGS else ResponseDoc()
    body = Problem if doc.body is None and status >= 400 else doc.body
    found: dict[str, Any] = {"description": doc.description or usual.description or _docstring(body, status)}
    if headers := doc.headers or (usual.headers if is_problem(body) else ()):
        found["headers"] = {header.name: _header(header) for header in headers}
    if body is not None:
        found["content"] = _content(status, body, doc, schemas)
    if doc.links:
        found["links"] = {link.operation_id: _link(link) for link in doc.links}
    return found


def shared_responses(schemas: SchemaCollection) -> dict[str, Any]:
    """Return the components that `response_object` refers to."""
    return {_name(status): response_object(status, standard_response(status), schemas) for status in MEANINGS}


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")


def _docstring(body: Any, status: int) -> str:
    text = (getattr(body, "__doc__", None) or "") if isinstance(body, type) else ""
    return " ".join(text.split()) or HTTPStatus(status).phrase


def _content(status: int, body: Any, doc: ResponseDoc, schemas: SchemaCollection) -> dict[str, Any]:
    if not is_problem(body):
        carried = {**dict.fromkeys(doc.content_types, body), **doc.more}
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
