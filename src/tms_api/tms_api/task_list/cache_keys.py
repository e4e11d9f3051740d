"""Cache keys of the pages of the task list, from the unparsed query string."""

from typing import NamedTuple

from tms_api.task_list.query import PAGE_NAMES
from tms_core.permissions import Actor, Visibility, visibility_scope
from tms_core.services.task_filter import SELF


class CacheKeys(NamedTuple):
    """The key of a page, and that of its list, which does not depend on page and ordering."""

    page: str
    whole: str


def cache_keys(actor: Actor, visibility: Visibility, query: str, application_url: str) -> CacheKeys:
    """Return the keys of a request: equal for users who get the same page."""
    scope = visibility_scope(actor, visibility)
    # `me` depends on the user and may be percent-encoded (%6de); a false match only costs a cache entry.
    me = str(actor.id) if SELF in query or "%" in query else ""
    filters = [pair for pair in query.split("&") if pair.partition("=")[0] not in PAGE_NAMES]
    return CacheKeys("\n".join((scope, me, application_url, query)), "\n".join((scope, me, *filters)))


def cache_keys_of(request) -> CacheKeys:
    visibility = request.registry.tms.core.visibility
    return cache_keys(request.actor, visibility, request.environ.get("QUERY_STRING", ""), request.application_url)
