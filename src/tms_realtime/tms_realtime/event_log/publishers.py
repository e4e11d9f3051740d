"""The publishers on the channel: channels are common to all databases of a Redis server, so some may be foreign."""

import logging
from collections.abc import Awaitable, Callable

from tms_realtime.event_log.envelope import Identity
from tms_realtime.event_log.published_batch import PublishedBatch
from tms_realtime.event_log.reader import LogUnavailableError

# A new one with every leadership of a relay.
MAX_KNOWN = 1_000
log = logging.getLogger(__name__)


class Publishers:
    """Remembers which publishers send events of this database, by one look at the database for each."""

    def __init__(self, has: Callable[[Identity], Awaitable[bool]]):
        """`has` tells whether the database has an event; raises `LogUnavailableError`."""
        self._has = has
        self._known: dict[str, bool] = {}

    async def is_ours(self, batch: PublishedBatch) -> bool:
        """Whether a batch is of this database. Unknown publishers are trusted while the database is down."""
        if (known := self._known.get(batch.publisher)) is not None:
            return known
        try:
            is_ours = await self._has(batch.newest)
        except LogUnavailableError as error:
            log.debug("cannot check a publisher against the database: %s", error)
            return True
        if not is_ours:
            log.warning("another database publishes its events on the same Redis server; they are ignored")
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[batch.publisher] = is_ours
        return is_ours

    def forget(self) -> None:
        """Check all publishers again, since the database has gone back."""
        self._known.clear()
