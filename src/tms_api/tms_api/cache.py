"""Finished pages in Redis. A page counts only under the generation that was read before its rows were.

A reader takes the generation, then reads the database; a writer begins a new one after its commit and before its
answer. So a page whose generation still stands contains every write that was answered before it was asked for.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from prometheus_client import Counter

from tms_core.generation import KEY, new_generation
from tms_core.runtime import Runtime

PREFIX = "tms:task:page:"
TAG_LENGTH = 16
Kept = tuple[bytes | None, bytes | None]
NOTHING: Kept = (None, None)
LOOKUPS = Counter("tms_task_list_lookups", "Pages of tasks that were asked for, by where they came from.", ["result"])
HITS, MISSES = LOOKUPS.labels("hit"), LOOKUPS.labels("miss")


@dataclass(frozen=True, slots=True)
class CachedPage:
    """A finished body and its entity tag."""

    body: bytes
    tag: str

    @classmethod
    def of(cls, body: bytes) -> "CachedPage":
        return cls(body, hashlib.blake2b(body, digest_size=TAG_LENGTH // 2).hexdigest())


class PageCache:
    """Redis slow or away: pages come from the database, and none is kept."""

    def __init__(self, runtime: Runtime, seconds: int):
        self._redis = runtime.redis
        self._breaker = runtime.breaker
        self._seconds = seconds

    def get_or_make(self, key: str, make: Callable[[], bytes]) -> CachedPage:
        """The page under `key`, from Redis if it is of the present generation, else made and kept."""
        if not self._seconds:
            return CachedPage.of(make())
        name = PREFIX + hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        generation, kept = self._breaker.call(lambda: self._read(name), NOTHING)
        if generation is None:
            generation = self._breaker.call(self._begin, None)
        elif kept is not None and kept.startswith(generation):
            HITS.inc()
            start = len(generation) + TAG_LENGTH
            return CachedPage(kept[start:], kept[len(generation) : start].decode())
        MISSES.inc()
        page = CachedPage.of(make())
        if generation is not None:
            value = b"".join((generation, page.tag.encode(), page.body))
            self._breaker.call(lambda: self._redis.set(name, value, ex=self._seconds), None)
        return page

    def _read(self, name: str) -> Kept:
        """The generation and what is kept under a name, in one round trip."""
        return cast(Kept, tuple(self._redis.mget(KEY, name)))

    def _begin(self) -> bytes | None:
        """The generation in a Redis that has none yet (new, or emptied)."""
        self._redis.set(KEY, new_generation(), nx=True)
        return cast(bytes | None, self._redis.get(KEY))
