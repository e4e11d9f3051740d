"""Decorators that document the parameters, body and responses of a resource method.

    @documented("create_line", body=NewLine, responses={201: Line})
    def collection_post(self):
        '''Add a line.'''

The first sentence of the docstring becomes the summary. Derived automatically: the path and its parameters (from the
route), whether a token is needed (`open_to_all`), and the errors common to methods with a token, a body, a query or an
id in the path.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from tms_core.web.openapi.parameters import Parameter

ATTRIBUTE = "__documentation__"
JSON = "application/json"
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Tag:
    """An OpenAPI tag; a resource sets it as class attribute `tag`. `place` orders the tags of a package."""

    name: str
    description: str = ""
    place: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """A response header, which is always present unless `is_optional`."""

    name: str
    description: str
    example: str
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """An OpenAPI link to a follow-up operation, with runtime expressions for its parameters and body."""

    operation_id: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True, slots=True)
class ResponseDoc:
    """A response; `body` is a type known to pydantic, or None for an empty body."""

    body: Any = None
    description: str = ""
    headers: tuple[Header, ...] = ()
    links: tuple[Link, ...] = ()
    content_types: tuple[str, ...] = (JSON,)
    # Further content types that a client can request, with their body types.
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Documentation:
    operation_id: str = ""
    body: Any = None
    # None: the method ignores the query. Empty: the method rejects all parameters.
    query: tuple[Parameter, ...] | None = None
    headers: tuple[Parameter, ...] = ()
    responses: Mapping[int, ResponseDoc] = field(default_factory=dict)
    is_token_optional: bool = False
    is_body_optional: bool = False
    needs_database: bool = True


def documented(
    operation_id: str,
    *,
    body: Any = None,
    query: Sequence[Parameter] | None = None,
    headers: Sequence[Parameter] = (),
    responses: Mapping[int, Any],
    is_token_optional: bool = False,
    is_body_optional: bool = False,
    needs_database: bool = True,
) -> Callable[[F], F]:
    """Document a method. `responses` maps a status to a `ResponseDoc`, a body type, or the description of a problem
    document."""

    def mark(method: F) -> F:
        present = documentation_of(method)
        documentation = Documentation(
            operation_id=operation_id,
            body=body,
            query=None if query is None else tuple(query),
            headers=(*headers, *present.headers),
            responses={**present.responses, **_responses(responses)},
            is_token_optional=is_token_optional,
            is_body_optional=is_body_optional,
            needs_database=needs_database,
        )
        setattr(method, ATTRIBUTE, documentation)
        return method

    return mark


def described(method: F, *, headers: Sequence[Parameter] = (), responses: Mapping[int, Any] | None = None) -> F:
    """Add headers and responses to a method's documentation; for use by decorators."""
    present = documentation_of(method)
    more = replace(
        present, headers=(*present.headers, *headers), responses={**_responses(responses or {}), **present.responses}
    )
    setattr(method, ATTRIBUTE, more)
    return method


def documentation_of(method: Any) -> Documentation:
    """Return the documentation of a method; empty for undocumented methods."""
    found: Documentation = getattr(method, ATTRIBUTE, Documentation())
    return found


def as_response(value: Any) -> ResponseDoc:
    match value:
        case ResponseDoc():
            return value
        case str():
            return ResponseDoc(None, value)
        case _:
            return ResponseDoc(value)


def _responses(responses: Mapping[int, Any]) -> dict[int, ResponseDoc]:
    return {status: as_response(response) for status, response in responses.items()}
