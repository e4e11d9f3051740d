"""Request schema of `POST /api/task/{id}/undo`."""

from typing import Annotated

from pydantic import Field

from tms_core.values import MAX_ID
from tms_core.web.field_types import AS_WHOLE
from tms_core.web.validation import Schema


class Undo(Schema):
    """The event to undo, by its `event_id` in the history."""

    example = {"event_id": 17}

    event_id: Annotated[int, Field(ge=1, le=MAX_ID), AS_WHOLE]
