"""Cache of serialised task list pages in Redis, and of the counts that the pages of one list share.

Each entry carries the list cache version that was current before the database was read. A writer replaces the version
after its commit and before its response, so an entry with the current version includes every write whose response was
sent before the page was requested.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from prometheus_client import Counter

from tms_api.task_list.cache_keys import CacheKeys
from tms_core.list_cache_version import KEY, new_version
from tms_core.runtime import Runtime

PAGE_PREFIX = "tms:task:page:"
COUNT_PREFIX = "tms:task:count:"
TAG_LENGTH = 16
LOOKUPS = Counter("tms_task_list_lookups", "Requests for task list pages, by cache result.", ["result"])
HITS, MISSES = LOOKUPS.labels("hit"), LOOKUPS.labels("miss")


@dataclass(frozen=True, slots=True)
class MadePage:
    """A serialised page, and the number of tasks of the whole list, or None if they were not counted."""

    body: bytes
    count: int | None


@dataclass(frozen=True, slots=True)
class CachedPage:
    """A serialised page and its entity tag."""

    body: bytes
    tag: str

    @classmethod
    def of(cls, body: bytes) -> "CachedPage":
        return cls(body, hashlib.blake2b(body, digest_size=TAG_LENGTH // 2).hexdigest())


@dataclass(frozen=True, slots=True)
class Entries:
    """What the cache has of a page: the current version, the page, and the count of its list; None if absent."""

    version: bytes | None = None
    page: CachedPage | None = None
    count: int | None = None

    @classmethod
    def of(cls, version: bytes | None, page: bytes | None, count: bytes | None) -> "Entries":
        """Return the entries in three values of Redis, without outdated ones."""
        if version is None:
            return NO_ENTRIES
        found = None
        if page is not None and page.startswith(version):
            begin = len(version) + TAG_LENGTH
            found = CachedPage(page[begin:], page[len(version) : begin].decode())
        is_counted = count is not None and count.startswith(version)
        return cls(version, found, int(count[len(version) :]) if count and is_counted else None)


NO_ENTRIES = Entries()


class PageCache:
    """Page cache with a time to live of `seconds`; 0 turns it off.

    While Redis is slow or unavailable, pages are read from the database and not cached.
    """

    def __init__(self, runtime: Runtime, seconds: int):
        self._runtime = runtime
        self._seconds = seconds

    def find(self, keys: CacheKeys) -> Entries:
        """Read the current version and both entries in one round trip, and count a hit."""
        return self.find_all([keys])[0]

    def find_all(self, wanted: Sequence[CacheKeys]) -> list[Entries]:
        """Return the entries of several pages, in their order, read in one round trip; count the hits."""
        if not self._seconds:
            return [NO_ENTRIES] * len(wanted)
        # Users with the same page share its entries.
        different = list(dict.fromkeys(wanted))
        names = [KEY]
        for keys in different:
            names += (_name(PAGE_PREFIX, keys.page), _name(COUNT_PREFIX, keys.whole))
        read = self._runtime.breaker.call(lambda: self._runtime.direct_redis.call("MGET", *names), None)
        if read is None:
            return [NO_ENTRIES] * len(wanted)
        version, pages, counts = read[0], read[1::2], read[2::2]
        found = {
            keys: Entries.of(version, page, count) for keys, page, count in zip(different, pages, counts, strict=True)
        }
        entries = [found[keys] for keys in wanted]
        if hits := sum(one.page is not None for one in entries):
            HITS.inc(hits)
        return entries

    def make(self, keys: CacheKeys, entries: Entries, make: Callable[[int | None], MadePage]) -> CachedPage:
        """Call `make` and cache its result under the version of `entries`, which were read before.

        `make` is called with the cached count of the list, or None if there is none.
        """
        if not self._seconds:
            return CachedPage.of(make(None).body)
        MISSES.inc()
        version, count = entries.version, entries.count
        if version is None:
            version = self._runtime.breaker.call(self._init_version, None)
        made = make(count)
        page = CachedPage.of(made.body)
        if version is not None:
            values = {_name(PAGE_PREFIX, keys.page): b"".join((version, page.tag.encode(), page.body))}
            if count is None and made.count is not None:
                values[_name(COUNT_PREFIX, keys.whole)] = b"%b%d" % (version, made.count)
            self._runtime.breaker.call(lambda: self._store(values), None)
        return page

    def _store(self, values: dict[str, bytes]) -> None:
        self._runtime.direct_redis.call_all(
            *(("SET", name, value, "EX", self._seconds) for name, value in values.items())
        )

    def _init_version(self) -> bytes | None:
        """Set and return the version if Redis has none (new or flushed)."""
        return cast(
            bytes | None, self._runtime.direct_redis.call_all(("SET", KEY, new_version(), "NX"), ("GET", KEY))[1]
        )


def _name(prefix: str, key: str) -> str:
    return prefix + hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
