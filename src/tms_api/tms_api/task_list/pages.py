"""Pages of the task list as JSON, by page number or by cursor."""

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from tms_api.task_list.cache import MadePage
from tms_api.task_list.query import CURSOR, ListQuery, read_query
from tms_core.permissions import visibility_scope
from tms_core.services.task_cursor import Cursors
from tms_core.services.task_listing import TaskListing
from tms_core.services.task_search import resolve_search
from tms_core.services.task_state import as_dicts
from tms_core.web.pagination import cursor_envelope, envelope
from tms_core.web.resource import to_json

# Offset from which reading a page by number costs as much as counting the list.
MAX_UNCOUNTED_OFFSET = 100_000
# Parameters that may differ between the pages of one cursor.
POSITION_NAMES = (CURSOR, "page_size")


def make_page(request, count: int | None) -> MadePage:
    """Return the page that the request's query asks for.

    `count` is the cached number of tasks of the whole list, or None if it is not cached. Raises `InvalidError` with all
    unknown and invalid parameters.
    """
    query = read_query(request)
    query = replace(query, wanted=resolve_search(request.autocommit_connection, query.wanted))
    counts = not query.is_by_cursor and (count is None or query.page.offset >= MAX_UNCOUNTED_OFFSET)
    is_expensive = query.wanted.q or ((counts or query.has_filter) and request.is_task_table_large())
    with request.expensive_read() if is_expensive else nullcontext():
        return _page(request, query, count)


def _page(request, query: ListQuery, count: int | None) -> MadePage:
    visibility = request.registry.tms.core.visibility
    listing = TaskListing(request.single_statements, lambda: request.autocommit_connection, request.actor, visibility)
    if query.is_by_cursor:
        return MadePage(to_json(_by_cursor(request, query, listing)), None)
    page = query.page
    found = listing.page(query.wanted, ordering=query.ordering, limit=page.size, offset=page.offset, count=count)
    return MadePage(to_json(envelope(request, query.values, page, found.count, as_dicts(found.rows))), found.count)


def _by_cursor(request, query: ListQuery, listing: TaskListing) -> dict[str, Any]:
    given, ordering, size = query.cursor, query.cursor_ordering, query.page.size
    cursors = Cursors(request.registry.tms.core.jwt_key, _purpose(request, query.values))
    place = cursors.read(given, ordering) if given else None
    # One row more than the page size shows whether there is a next page.
    rows = listing.after(query.wanted, ordering=ordering, limit=size + 1, values=place)
    following = cursors.after(rows[size - 1], ordering) if len(rows) > size else None
    return cursor_envelope(request, query.values, following, as_dicts(rows[:size]))


def _purpose(request, values: dict[str, list[str]]) -> str:
    scope = visibility_scope(request.actor, request.registry.tms.core.visibility)
    filters = [f"{name}={value}" for name in sorted(values) if name not in POSITION_NAMES for value in values[name]]
    return "\n".join((scope, *filters))
