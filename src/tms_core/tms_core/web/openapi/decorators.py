"""What a resource's method takes and answers, said beside the method.

    @documented("create_line", body=NewLine, answers={201: Line})
    def collection_post(self):
        '''Add a line.'''

The docstring's first sentence is the summary. What follows from elsewhere need not be said: the path and its
parameters (from the route), whether a token is needed (`open_to_all`), and the errors that every method with a
token, a body, a query or an id in its path may answer.
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
    """A heading under which operations stand; a resource names it by its class attribute `tag`. `place` is its place
    among those of its package."""

    name: str
    description: str = ""
    place: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """A header of an answer that always carries it, unless it is optional."""

    name: str
    description: str
    example: str
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """An operation to go on with: where in this answer (or its request) its parameters and its body come from."""

    operation_id: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out: a type that pydantic knows, or None where the body is empty."""

    body: Any = None
    description: str = ""
    headers: tuple[Header, ...] = ()
    links: tuple[Link, ...] = ()
    content_types: tuple[str, ...] = (JSON,)
    # Other types of content that a client may ask for, each with what it carries.
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Documentation:
    operation_id: str = ""
    body: Any = None
    # None: the method does not look at its query. Empty: it refuses every parameter.
    query: tuple[Parameter, ...] | None = None
    headers: tuple[Parameter, ...] = ()
    answers: Mapping[int, Answer] = field(default_factory=dict)
    is_token_optional: bool = False
    is_body_optional: bool = False
    needs_database: bool = True


def documented(
    operation_id: str,
    *,
    body: Any = None,
    query: Sequence[Parameter] | None = None,
    headers: Sequence[Parameter] = (),
    answers: Mapping[int, Any],
    is_token_optional: bool = False,
    is_body_optional: bool = False,
    needs_database: bool = True,
) -> Callable[[F], F]:
    """`answers` names, by status, an `Answer`, or just its type, or the sentence that explains a problem document."""

    def mark(method: F) -> F:
        present = documentation_of(method)
        said = Documentation(
            operation_id=operation_id,
            body=body,
            query=None if query is None else tuple(query),
            headers=(*headers, *present.headers),
            answers={**present.answers, **_answers(answers)},
            is_token_optional=is_token_optional,
            is_body_optional=is_body_optional,
            needs_database=needs_database,
        )
        setattr(method, ATTRIBUTE, said)
        return method

    return mark


def described(method: F, *, headers: Sequence[Parameter] = (), answers: Mapping[int, Any] | None = None) -> F:
    """For decorators that give a method more to take or to answer."""
    present = documentation_of(method)
    more = replace(
        present, headers=(*present.headers, *headers), answers={**_answers(answers or {}), **present.answers}
    )
    setattr(method, ATTRIBUTE, more)
    return method


def documentation_of(method: Any) -> Documentation:
    """What is said about a method; nothing where nobody said anything."""
    found: Documentation = getattr(method, ATTRIBUTE, Documentation())
    return found


def as_answer(said: Any) -> Answer:
    match said:
        case Answer():
            return said
        case str():
            return Answer(None, said)
        case _:
            return Answer(said)


def _answers(said: Mapping[int, Any]) -> dict[int, Answer]:
    return {status: as_answer(one) for status, one in said.items()}
