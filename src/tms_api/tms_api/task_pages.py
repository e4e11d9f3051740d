"""Pages of the task list, by number or by cursor, as finished bodies."""

from collections.abc import Sequence
from typing import Any

from tms_api.pagination import NAMES as PAGE_NAMES
from tms_api.pagination import cursor_envelope, envelope, read_page
from tms_core.errors import InvalidError
from tms_core.permissions import visibility_scope
from tms_core.services.task_cursor import Cursors
from tms_core.services.task_filter import NAMES as FILTER_NAMES
from tms_core.services.task_filter import SELF, TaskFilter, read_filter
from tms_core.services.task_listing import TaskListing
from tms_core.services.task_ordering import Ordering, read_ordering
from tms_core.services.task_state import TaskRow
from tms_core.web.resource import to_json
from tms_core.web.validation import query_of

CURSOR = "cursor"
NAMES = (*FILTER_NAMES, *PAGE_NAMES, "ordering", CURSOR)
# What may differ between two pages of one reading.
PLACES = (CURSOR, "page_size")


def as_dicts(rows: Sequence[TaskRow]) -> list[dict[str, Any]]:
    """Tasks as the API shows them."""
    return [task._asdict() for task in rows]


def page_key(request) -> str:
    """Equal for requests that get the same bytes: who sees the same, the same query as it was spelled."""
    query = request.environ["QUERY_STRING"]
    # «me» is somebody else for each, and may be spelled %6de; what merely looks like it costs a cache entry.
    me = str(request.actor.id) if SELF in query or "%" in query else ""
    return "\n".join((_scope(request), me, request.host_url, query))


def make_page(request) -> bytes:
    """The body that the request's query asks for; raises `InvalidError` naming every unknown or bad word."""
    values = query_of(request, NAMES)
    page = read_page(values)
    wanted = read_filter(values, actor_id=request.actor.id)
    ordering = read_ordering(values.get("ordering", []))
    listing = TaskListing(request.reading, request.actor, request.registry.tms.core.visibility)
    if CURSOR in values:
        return to_json(_by_cursor(request, values, listing, wanted, ordering, page.size))
    found = listing.page(wanted, ordering=ordering, limit=page.size, offset=page.offset)
    return to_json(envelope(request, values, page, found.count, as_dicts(found.rows)))


def _by_cursor(
    request,
    values: dict[str, list[str]],
    listing: TaskListing,
    wanted: TaskFilter,
    ordering: Ordering,
    size: int,
) -> dict[str, Any]:
    if "page" in values or len(values[CURSOR]) > 1:
        raise InvalidError.of(CURSOR, "must stand once, and not beside page", "query")
    cursors = Cursors(request.registry.tms.core.jwt_key, _purpose(request, values))
    given = values[CURSOR][0]
    place = cursors.read(given, ordering) if given else None
    # One more than asked for tells whether there is a next page.
    rows = listing.behind(wanted, ordering=ordering, limit=size + 1, values=place)
    following = cursors.after(rows[size - 1], ordering) if len(rows) > size else None
    return cursor_envelope(request, values, following, as_dicts(rows[:size]))


def _purpose(request, values: dict[str, list[str]]) -> str:
    words = [f"{name}={value}" for name in sorted(values) if name not in PLACES for value in values[name]]
    return "\n".join((_scope(request), *words))


def _scope(request) -> str:
    return visibility_scope(request.actor, request.registry.tms.core.visibility)
