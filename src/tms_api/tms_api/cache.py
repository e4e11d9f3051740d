"""Cache of serialised task list pages in Redis, and of the counts that the pages of one list share.

Each entry carries the list cache version that was current before the database was read. A writer replaces the version
after its commit and before its response, so an entry with the current version includes every write whose response was
sent before the page was requested.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from prometheus_client import Counter

from tms_core.list_cache_version import KEY, new_version
from tms_core.runtime import Runtime

PAGE_PREFIX = "tms:task:page:"
COUNT_PREFIX = "tms:task:count:"
TAG_LENGTH = 16
Entries = tuple[bytes | None, bytes | None, bytes | None]
NO_ENTRIES: Entries = (None, None, None)
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


class PageCache:
    """Page cache with a time to live of `seconds`; 0 turns it off.

    While Redis is slow or unavailable, pages are read from the database and not cached.
    """

    def __init__(self, runtime: Runtime, seconds: int):
        self._redis = runtime.redis
        self._breaker = runtime.breaker
        self._seconds = seconds

    def get_or_make(self, key: str, list_key: str, make: Callable[[int | None], MadePage]) -> CachedPage:
        """Return the cached page of `key`, or call `make` and cache its result.

        `make` is called with the cached count of the list, or None if there is none.
        """
        if not self._seconds:
            return CachedPage.of(make(None).body)
        names = _name(PAGE_PREFIX, key), _name(COUNT_PREFIX, list_key)
        version, entry, count_entry = self._breaker.call(lambda: self._read(*names), NO_ENTRIES)
        if version is None:
            version = self._breaker.call(self._init_version, None)
        elif (found := _content(version, entry)) is not None:
            HITS.inc()
            return CachedPage(found[TAG_LENGTH:], found[:TAG_LENGTH].decode())
        MISSES.inc()
        count = _content(version, count_entry)
        made = make(None if count is None else int(count))
        page = CachedPage.of(made.body)
        if version is not None:
            values = {names[0]: b"".join((version, page.tag.encode(), page.body))}
            if count is None and made.count is not None:
                values[names[1]] = b"%b%d" % (version, made.count)
            self._breaker.call(lambda: self._store(values), None)
        return page

    def _read(self, name: str, count_name: str) -> Entries:
        """Read the current version and both cache entries in one round trip."""
        return cast(Entries, tuple(self._redis.mget(KEY, name, count_name)))

    def _store(self, values: dict[str, bytes]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for name, value in values.items():
            pipeline.set(name, value, ex=self._seconds)
        pipeline.execute()

    def _init_version(self) -> bytes | None:
        """Set and return the version if Redis has none (new or flushed)."""
        self._redis.set(KEY, new_version(), nx=True)
        return cast(bytes | None, self._redis.get(KEY))


def _name(prefix: str, key: str) -> str:
    return prefix + hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


def _content(version: bytes | None, entry: bytes | None) -> bytes | None:
    """Return the content of a cache entry, or None if it is missing or outdated."""
    if version is None or entry is None or not entry.startswith(version):
        return None
    return entry[len(version) :]
