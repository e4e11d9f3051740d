"""Response schema of paginated lists."""

from typing import Annotated, Generic, TypeVar

from pydantic import Field

from tms_core.web.openapi import ResponseSchema

T = TypeVar("T")
Id = Annotated[int, Field(ge=1)]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class Page(ResponseSchema, Generic[T]):
    count: int | None = Field(ge=0, description="Number of all matching results; null with a cursor.")
    next: Url | None
    previous: Url | None
    results: list[T]
