"""The rows that a request is about: some by their ids, or all."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from tms_core.error_codes import REQUIRED
from tms_core.invalid_values import InvalidValueError
from tms_core.values import MAX_ID
from tms_core.web.field_types import AS_WHOLE
from tms_core.web.validation import Schema

Ids = Annotated[list[Annotated[int, Field(ge=1, le=MAX_ID), AS_WHOLE]], Field(min_length=1, max_length=500)]


class IdsOrAll(Schema):
    """Either `ids`, 1 to 500, or `all`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["ids"]}, {"required": ["all"]}]})
    example = {"ids": [17, 18]}

    # None if left out.
    ids: Ids = None  # type: ignore[assignment]
    all: Literal[True] = None  # type: ignore[assignment]

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise InvalidValueError("must have either ids or all", REQUIRED)
        return self
