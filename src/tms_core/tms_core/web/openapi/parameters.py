"""What a query or a header may say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from tms_core.web.validation import one_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """`kind` is a type that pydantic knows; a list may be repeated, and its values may be separated by commas.
    `answers` are those that sending it may lead to, as in `documented`."""

    name: str
    help: str
    kind: Any = str
    where: Literal["query", "header"] = "query"
    example: Any = None
    default: Any = None
    is_required: bool = False
    answers: Mapping[int, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeNumber(Parameter):
    """A number in the query, read by the same bounds that the description tells. One without a default is read only
    where it is given."""

    least: int
    most: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Annotated[int, Field(ge=self.least, le=self.most)])

    def read(self, values: dict[str, list[str]]) -> int:
        """Its value in a query, or the default; raises `InvalidError` naming its bounds."""
        return one_number(values, self.name, default=self.default, least=self.least, most=self.most)


def names_of(parameters: Iterable[Parameter]) -> tuple[str, ...]:
    """The names, as `query_of` takes them."""
    return tuple(parameter.name for parameter in parameters)
