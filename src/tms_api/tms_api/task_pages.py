"""Pages of the task list, by number or by cursor, as finished bodies."""

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
from tms_core.services.task_search import require_words
from tms_core.services.task_state import TaskRow
from tms_core.web.openapi import Parameter, names_of
from tms_core.web.resource import to_json
from tms_core.web.task_parameters import FILTER
from tms_core.web.validation import query_of

CURSOR = "cursor"
EVERYTHING = TaskFilter()
# Tasks that a page by number walks past; more cost what counting them costs.
LONG_WAY = 100_000
DIRECTIONS = tuple(f"{sign}{name}" for name in FIELDS for sign in ("", "-"))
PARAMETERS = (
    *FILTER,
    *PAGE,
    Parameter(
        name="ordering",
        help="By which fields, `-` to descend. Several are separated by commas or repeated. Default: the newest first; "
        "of up to 1,000 tasks that `q` finds, the best matches.",
        kind=list[Literal[DIRECTIONS]],  # type: ignore[valid-type]
        example=["-priority", "due_date"],
    ),
    Parameter(
        name=CURSOR,
        help="Reads on at the same cost however deep, in place of `page`: empty to begin, then as `next` has it. "
        "`count` is null then.",
    ),
)
NAMES = names_of(PARAMETERS)
# What may differ between two pages of one reading.
PLACES = (CURSOR, "page_size")
# What may differ between two pages that have the same count.
ABOUT_PAGES = frozenset({*names_of(PAGE), "ordering"})


def as_dicts(rows: Sequence[TaskRow]) -> list[dict[str, Any]]:
    """Tasks as the API shows them."""
    return [task._asdict() for task in rows]


def page_key(request) -> str:
    """Equal for requests that get the same bytes: who sees the same, the same query as it was spelled."""
    query = request.environ["QUERY_STRING"]
    return "\n".join((_scope(request), _me(request, query), request.application_url, query))


def list_key(request) -> str:
    """Equal for requests of the same list, whichever page of it they ask for and in whatever order."""
    query = request.environ["QUERY_STRING"]
    words = [word for word in query.split("&") if word.partition("=")[0] not in ABOUT_PAGES]
    return "\n".join((_scope(request), _me(request, query), *words))


def make_page(request, count: int | None) -> MadePage:
    """The body that the request's query asks for; raises `InvalidError` naming every unknown or bad word. `count` is
    that of the whole list, where it is known."""
    values = query_of(request, NAMES)
    page = read_page(values)
    wanted = read_filter(values, actor_id=request.actor.id)
    ordering = read_ordering(values.get("ordering", []))
    require_words(request.autocommit_connection, wanted.q)
    counts = CURSOR not in values and (count is None or page.offset >= LONG_WAY)
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
        raise InvalidError.of(CURSOR, "must stand once, and not beside page", "query")
    cursors = Cursors(request.registry.tms.core.jwt_key, _purpose(request, values))
    given = values[CURSOR][0]
    place = cursors.read(given, ordering) if given else None
    # One more than asked for tells whether there is a next page.
    rows = listing.after(wanted, ordering=ordering, limit=size + 1, values=place)
    following = cursors.after(rows[size - 1], ordering) if len(rows) > size else None
    return cursor_envelope(request, values, following, as_dicts(rows[:size]))


def _purpose(request, values: dict[str, list[str]]) -> str:
    words = [f"{name}={value}" for name in sorted(values) if name not in PLACES for value in values[name]]
    return "\n".join((_scope(request), *words))


def _me(request, query: str) -> str:
    # «me» is somebody else for each, and may be spelled %6de; what merely looks like it costs a cache entry.
    return str(request.actor.id) if SELF in query or "%" in query else ""


def _scope(request) -> str:
    return visibility_scope(request.actor, request.registry.tms.core.visibility)
