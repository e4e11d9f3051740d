"""Resources, built on Cornice. Only this module depends on Cornice (docs/adr/0003).

A resource is one class per noun: `collection_get` and `collection_post` serve the collection's path; `get`, `put`,
`patch` and `delete` the member's. Views return bytes or a response.
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

# The method needs no access token; without this decorator it does.
open_to_all = view(permission=NO_PERMISSION_REQUIRED)
# The access token is optional and may allow the caller more.
token_optional = view(permission=NO_PERMISSION_REQUIRED, revalidation=Revalidation.LOCK)
# The method changes the user whose id is in the path.
changes_user = view(locks_user="id")
# The method writes tasks only. Writes by a token revoked up to half a second ago stand: attributed and undoable.
writes_tasks = view(revalidation=Revalidation.OFF)
# The method issues a ticket, which is checked again when used.
issues_ticket = view(revalidation=Revalidation.READ)


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a resource: route pattern, HTTP method and implementation."""

    pattern: str
    verb: str
    resource: Any
    function: Callable[..., Any]
    is_open: bool
    revalidation: Revalidation


def methods_of(registry) -> Iterator[Method]:
    """Yield the methods of all resources of the included packages, without HEAD, which accompanies every GET."""
    for service in registry.cornice_services.values():
        for verb, found, arguments in service.definitions:
            if verb != "HEAD":
                function = getattr(found, "unbound_view", found)
                is_open = arguments.get("permission") == NO_PERMISSION_REQUIRED
                resource_class = arguments.get("klass") or function
                yield Method(service.path, verb, resource_class, function, is_open, revalidation_of(arguments))


def to_json(value: Any) -> bytes:
    """Serialize to JSON, with instants in UTC with a `Z`."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def json_response(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return `value` as a JSON response; bytes are sent as they are."""
    body = value if isinstance(value, bytes) else orjson.dumps(value)
    # All headers at once: each change of a response's headers searches them.
    found = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    if headers:
        found += headers.items()
    return Response(app_iter=[body], status=status, headerlist=found)


def id_of(request, name: str = "id") -> int:
    """Return the id in the path; raises `NotFoundError` if it is not a valid id."""
    text = request.matchdict[name]
    found = id_in(text)
    if found is None:
        raise NotFoundError(bad_id(name, text))
    return found
