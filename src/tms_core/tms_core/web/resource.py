"""Cornice, at arm's length: leaving it would mean changing this module only (docs/adr/0003).

A resource is a class a noun: `collection_get`, `collection_post` on the collection's path; `get`, `put`, `patch`,
`delete` on the member's. Views return bytes or a response that is ready.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from cornice.resource import resource, view
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from tms_core.errors import NotFoundError
from tms_core.values import id_in
from tms_core.web.path_ids import bad_id
from tms_core.web.revalidation import Revalidation, revalidation_of

__all__ = [
    "Method",
    "changes_user",
    "id_of",
    "issues_ticket",
    "json_response",
    "methods_of",
    "open_to_all",
    "resource",
    "to_json",
    "token_optional",
    "view",
    "writes_tasks",
]

# For a method that needs no access token; every other one does.
open_to_all = view(permission=NO_PERMISSION_REQUIRED)
# For one that needs none, and may do more for a caller who sends one.
token_optional = view(permission=NO_PERMISSION_REQUIRED, revalidation=Revalidation.LOCK)
# For one that changes the user whose id stands in the path.
changes_user = view(locks_user="id")
# For one that writes tasks only: a write by a token that was revoked half a second ago stands, attributed and undoable.
writes_tasks = view(revalidation=Revalidation.OFF)
# For one that gives out a ticket, which is checked again when it is used.
issues_ticket = view(revalidation=Revalidation.READ)


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a resource: the route's pattern, the HTTP method, and where it is defined."""

    pattern: str
    verb: str
    resource: Any
    function: Callable[..., Any]
    is_open: bool
    revalidation: Revalidation


def methods_of(registry) -> Iterator[Method]:
    """Every method of the resources that the included packages bring. HEAD comes with each GET and is not told."""
    for service in registry.cornice_services.values():
        for verb, found, arguments in service.definitions:
            if verb != "HEAD":
                function = getattr(found, "unbound_view", found)
                is_open = arguments.get("permission") == NO_PERMISSION_REQUIRED
                resource_class = arguments.get("klass") or function
                yield Method(service.path, verb, resource_class, function, is_open, revalidation_of(arguments))


def to_json(value: Any) -> bytes:
    """JSON as the API writes it, instants in UTC with a Z."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def json_response(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`value` as JSON; bytes are JSON already."""
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    response = Response(body, status=status, content_type="application/json", charset=None)
    if headers:
        response.headers.update(headers)
    return response


def id_of(request, name: str = "id") -> int:
    """The id in the path; raises `NotFoundError` that names what is none."""
    text = request.matchdict[name]
    found = id_in(text)
    if found is None:
        raise NotFoundError(bad_id(name, text))
    return found
