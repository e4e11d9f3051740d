"""Cursor pagination of lists in descending order of ids."""

import re
from typing import Annotated
from urllib.parse import urlencode

from pydantic import Field

from tms_core.error_codes import BAD_CURSOR
from tms_core.errors import InvalidError
from tms_core.web.openapi import Parameter, WholeNumber
from tms_core.web.validation import single_value

POSITION = "[1-9][0-9]{0,17}"
CURSOR = Parameter(
    name="cursor",
    help="Position in the list, from `next`; empty to begin.",
    kind=Annotated[str, Field(pattern=f"^({POSITION})?$")],
)
SIZE = WholeNumber(name="page_size", help="Results per page.", default=50, least=1, most=200)


def read_cursor(values: dict[str, list[str]]) -> int | None:
    """Return the id below which the page begins; None for the first page. Raises `InvalidError`."""
    given = single_value(values, CURSOR.name)
    if not given:
        return None
    if not re.fullmatch(POSITION, given):
        raise InvalidError.of(CURSOR.name, "must be one from `next` of this list", BAD_CURSOR, "query")
    return int(given)


def next_url(request, values: dict[str, list[str]], last: int) -> str:
    """Return the URL of the page after the id `last`, with the same filters."""
    others = [(name, one) for name in sorted(values) if name != CURSOR.name for one in values[name]]
    return f"{request.path_url}?{urlencode([*others, (CURSOR.name, last)])}"
