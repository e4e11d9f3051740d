"""Finished pages in Redis, and beside them the counts that the pages of one list share. Both hold only under the
generation that was read before the database was.

A reader takes the generation, then reads the database; a writer begins a new one after its commit and before its
answer. So a page whose generation still stands contains every write that was answered before it was asked for.
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
Kept = tuple[bytes | None, bytes | None, bytes | None]
NOTHING: Kept = (None, None, None)
LOOKUPS = Counter("tms_task_list_lookups", "Pages of tasks that were asked for, by where they came from.", ["result"])
HITS, MISSES = LOOKUPS.labels("hit"), LOOKUPS.labels("miss")


@dataclass(frozen=True, slots=True)
class MadePage:
    """A finished body, and how many tasks its whole list has, where that was counted."""

    body: bytes
    count: int | None


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

    def get_or_make(self, key: str, list_key: str, make: Callable[[int | None], MadePage]) -> CachedPage:
        """The page under `key`, from Redis if it is of the present generation, else made and kept. `make` is given the
        count of the list, where another page of it has been counted."""
        if not self._seconds:
            return CachedPage.of(make(None).body)
        names = _name(PAGE_PREFIX, key), _name(COUNT_PREFIX, list_key)
        generation, kept, kept_count = self._breaker.call(lambda: self._read(*names), NOTHING)
        if generation is None:
            generation = self._breaker.call(self._begin, None)
        elif (found := _of(generation, kept)) is not None:
            HITS.inc()
            return CachedPage(found[TAG_LENGTH:], found[:TAG_LENGTH].decode())
        MISSES.inc()
        count = _of(generation, kept_count)
        made = make(None if count is None else int(count))
        page = CachedPage.of(made.body)
        if generation is not None:
            values = {names[0]: b"".join((generation, page.tag.encode(), page.body))}
            if count is None and made.count is not None:
                values[names[1]] = b"%b%d" % (generation, made.count)
            self._breaker.call(lambda: self._keep(values), None)
        return page

    def _read(self, name: str, count_name: str) -> Kept:
        """The generation and what is kept under the names, in one round trip."""
        return cast(Kept, tuple(self._redis.mget(KEY, name, count_name)))

    def _keep(self, values: dict[str, bytes]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for name, value in values.items():
            pipeline.set(name, value, ex=self._seconds)
        pipeline.execute()

    def _begin(self) -> bytes | None:
        """The generation in a Redis that has none yet (new, or emptied)."""
        self._redis.set(KEY, new_version(), nx=True)
        return cast(bytes | None, self._redis.get(KEY))


def _name(prefix: str, key: str) -> str:
    return prefix + hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


def _of(generation: bytes | None, kept: bytes | None) -> bytes | None:
    """What was kept, if it was under this generation."""
    if generation is None or kept is None or not kept.startswith(generation):
        return None
    return kept[len(generation) :]
