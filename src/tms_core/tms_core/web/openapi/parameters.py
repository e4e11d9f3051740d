"""Query and header parameters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from tms_core.web.validation import one_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A query or header parameter.

    `kind` is a type known to pydantic; a list parameter may be repeated or comma-separated. `responses` are additional
    responses that the parameter can cause, as in `documented`.
    """

    name: str
    help: str
    kind: Any = str
    where: Literal["query", "header"] = "query"
    example: Any = None
    default: Any = None
    is_required: bool = False
    responses: Mapping[int, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeNumber(Parameter):
    """An integer query parameter with inclusive bounds. Without a default, call `read` only if it is present."""

    least: int
    most: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Annotated[int, Field(ge=self.least, le=self.most)])

    def read(self, values: dict[str, list[str]]) -> int:
        """Return the value in a query, or the default; raises `InvalidError` outside the bounds."""
        return one_number(values, self.name, default=self.default, least=self.least, most=self.most)


def names_of(parameters: Iterable[Parameter]) -> tuple[str, ...]:
    """Return the names of the parameters, for `query_of`."""
    return tuple(parameter.name for parameter in parameters)
