"""The batch lookup of cached task list pages."""

from collections.abc import Sequence

from tms_api.task_list.cache import CachedPage, Entries, PageCache
from tms_api.task_list.cache_keys import cache_keys, cache_keys_of
from tms_api.task_list.pages import make_page
from tms_core.permissions import Visibility
from tms_core.web.lookup_responses import LookupRequest, LookupResponse

# What the lookup has read for a request without a cached page.
ENTRIES = "tms.api.task_list_entries"


class TaskListLookup:
    """Finds cached pages."""

    def __init__(self, cache: PageCache, visibility: Visibility):
        self._cache = cache
        self._visibility = visibility

    def __call__(self, requests: Sequence[LookupRequest]) -> list[LookupResponse | None]:
        keys = [cache_keys(one.actor, self._visibility, one.query, one.application_url) for one in requests]
        entries = self._cache.find_all(keys)
        return [self._response(*pair) for pair in zip(requests, entries, strict=True)]

    def _response(self, request: LookupRequest, entries: Entries) -> LookupResponse | None:
        if (page := entries.page) is not None:
            return LookupResponse(page.body, page.tag)
        request.environ[ENTRIES] = entries
        return None


def find_or_make(request) -> CachedPage:
    """Return the page of a request that Pyramid handles, from the cache or made and cached now."""
    cache: PageCache = request.registry.task_page_cache
    keys = cache_keys_of(request)
    # Removed, so that a retry reads the version again.
    entries: Entries | None = request.environ.pop(ENTRIES, None)
    if entries is None:
        entries = cache.find(keys)
    return entries.page or cache.make(keys, entries, lambda count: make_page(request, count))
