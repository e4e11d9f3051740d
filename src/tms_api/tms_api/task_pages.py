"""Serialised pages of the task list, by page number or by cursor."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, Literal

from tms_api.cache import MadePage
from tms_api.pagination import PARAMETERS as PAGE
from tms_api.pagination import PageRequest, cursor_envelope, envelope, read_page
from tms_core.errors import InvalidError
from tms_core.permissions import visibility_scope
from tms_core.services.task_cursor import Cursors
from tms_core.services.task_filter import SELF, TaskFilter, read_filter
from tms_core.services.task_listing import TaskListing
from tms_core.services.task_ordering import FIELDS, NEWEST_FIRST, Ordering, read_ordering
from tms_core.services.task_search import resolve_search
from tms_core.services.task_state import TaskRow
from tms_core.web.openapi import Parameter, names_of
from tms_core.web.resource import to_json
from tms_core.web.task_parameters import FILTER
from tms_core.web.validation import query_of

CURSOR = "cursor"
EVERYTHING = TaskFilter()
# Offset from which reading a page by number costs as much as counting the list.
MAX_UNCOUNTED_OFFSET = 100_000
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
# Parameters that may differ between the pages of one cursor.
POSITION_NAMES = (CURSOR, "page_size")
# Parameters that do not affect the count.
PAGE_NAMES = frozenset({*names_of(PAGE), "ordering"})


def as_dicts(rows: Sequence[TaskRow]) -> list[dict[str, Any]]:
    """Return tasks as the API represents them."""
    return [task._asdict() for task in rows]


def page_key(request) -> str:
    """Return a cache key of the page: visibility of the user, URL and unparsed query string."""
    query = request.environ["QUERY_STRING"]
    return "\n".join((_scope(request), _me(request, query), request.application_url, query))


def list_key(request) -> str:
    """Return a cache key of the list, which does not depend on page and ordering."""
    query = request.environ["QUERY_STRING"]
    filters = [pair for pair in query.split("&") if pair.partition("=")[0] not in PAGE_NAMES]
    return "\n".join((_scope(request), _me(request, query), *filters))


def make_page(request, count: int | None) -> MadePage:
    """Return the page that the request's query asks for.

    `count` is the cached number of tasks of the whole list, or None if it is not cached. Raises `InvalidError` with all
    unknown and invalid parameters.
    """
    values = query_of(request, NAMES)
    page = read_page(values)
    wanted = read_filter(values, actor_id=request.actor.id)
    ordering = read_ordering(values.get("ordering", []))
    wanted = resolve_search(request.autocommit_connection, wanted)
    counts = CURSOR not in values and (count is None or page.offset >= MAX_UNCOUNTED_OFFSET)
    is_expensive = wanted.q or ((counts or wanted != EVERYTHING) and request.is_task_table_large())
    with request.expensive_read() if is_expensive else nullcontext():
        return _page(request, values, page, wanted, ordering, count)


def _page(
    request,
    values: dict[str, list[str]],
    page: PageRequest,
    wanted: TaskFilter,
    ordering: Ordering | None,
    count: int | None,
) -> MadePage:
    listing = TaskListing(request.autocommit_connection, request.actor, request.registry.tms.core.visibility)
    if CURSOR in values:
        body = _by_cursor(request, values, listing, wanted, ordering or NEWEST_FIRST, page.size)
        return MadePage(to_json(body), None)
    found = listing.page(wanted, ordering=ordering, limit=page.size, offset=page.offset, count=count)
    return MadePage(to_json(envelope(request, values, page, found.count, as_dicts(found.rows))), found.count)


def _by_cursor(
    request,
    values: dict[str, list[str]],
    listing: TaskListing,
    wanted: TaskFilter,
    ordering: Ordering,
    size: int,
) -> dict[str, Any]:
    if "page" in values or len(values[CURSOR]) > 1:
        raise InvalidError.of(CURSOR, "must be given once, and not together with page", "query")
    cursors = Cursors(request.registry.tms.core.jwt_key, _purpose(request, values))
    given = values[CURSOR][0]
    place = cursors.read(given, ordering) if given else None
    # One row more than the page size shows whether there is a next page.
    rows = listing.after(wanted, ordering=ordering, limit=size + 1, values=place)
    following = cursors.after(rows[size - 1], ordering) if len(rows) > size else None
    return cursor_envelope(request, values, following, as_dicts(rows[:size]))


def _purpose(request, values: dict[str, list[str]]) -> str:
    filters = [f"{name}={value}" for name in sorted(values) if name not in POSITION_NAMES for value in values[name]]
    return "\n".join((_scope(request), *filters))


def _me(request, query: str) -> str:
    # `me` depends on the user and may be percent-encoded (%6de); a false match only costs a cache entry.
    return str(request.actor.id) if SELF in query or "%" in query else ""


def _scope(request) -> str:
    return visibility_scope(request.actor, request.registry.tms.core.visibility)
