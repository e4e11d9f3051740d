"""The query parameters of the task list."""

from dataclasses import dataclass
from typing import Literal

from tms_api.error_codes import CURSOR_AND_PAGE
from tms_core.errors import InvalidError
from tms_core.services.task_filter import TaskFilter, read_filter
from tms_core.services.task_ordering import FIELDS, NEWEST_FIRST, Ordering, read_ordering
from tms_core.web.openapi import Parameter, names_of
from tms_core.web.pagination import PARAMETERS as PAGE
from tms_core.web.pagination import PageRequest, read_page
from tms_core.web.task_parameters import FILTER
from tms_core.web.validation import query_of

CURSOR = "cursor"
EVERYTHING = TaskFilter()
DIRECTIONS = tuple(f"{sign}{name}" for name in FIELDS for sign in ("", "-"))
PARAMETERS = (
    *FILTER,
    *PAGE,
    Parameter(
        name="ordering",
        help="Fields to sort by; the prefix `-` means descending. Separate several by commas, or repeat the parameter. "
        "Default: newest first; with `q`, unless by `cursor`, best match first.",
        kind=list[Literal[DIRECTIONS]],  # type: ignore[valid-type]
        example=["-priority", "due_date"],
    ),
    Parameter(
        name=CURSOR,
        help="Keyset pagination, in place of `page`: empty for the first page, then as in the link `next`. `count` is "
        "null.",
    ),
)
NAMES = names_of(PARAMETERS)
# Parameters that do not affect the count.
PAGE_NAMES = frozenset({*names_of(PAGE), "ordering"})


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A valid query; `values` are its parameters as given. An `ordering` of None means the default."""

    values: dict[str, list[str]]
    page: PageRequest
    wanted: TaskFilter
    ordering: Ordering | None

    @property
    def has_filter(self) -> bool:
        return self.wanted != EVERYTHING

    @property
    def is_by_cursor(self) -> bool:
        return CURSOR in self.values

    @property
    def cursor(self) -> str:
        """The given cursor, empty for the first page. Raises `InvalidError` if it is repeated or beside `page`."""
        if "page" in self.values or len(self.values[CURSOR]) > 1:
            message = "must be given once, and not together with page"
            raise InvalidError.of(CURSOR, message, CURSOR_AND_PAGE, "query")
        return self.values[CURSOR][0]

    @property
    def cursor_ordering(self) -> Ordering:
        return self.ordering or NEWEST_FIRST


def read_query(request) -> ListQuery:
    """Return the query of a request. Raises `InvalidError` with all unknown and invalid parameters."""
    values = query_of(request, NAMES)
    page = read_page(values)
    wanted = read_filter(values, actor_id=request.actor.id, zone=request.registry.tms.core.zone)
    return ListQuery(values, page, wanted, read_ordering(values.get("ordering", [])))
