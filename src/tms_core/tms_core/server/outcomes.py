"""The way back from threads to the event loop."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

log = logging.getLogger(__name__)
Settle = Callable[[Any], None]


class Outcomes:
    """Outcomes of threads, each with the function that settles it in the event loop.

    Outcomes that are ready together are settled together: waking the event loop costs a system call.
    """

    def __init__(self) -> None:
        self._ready: deque[tuple[Settle, Any]] = deque()
        self._is_woken = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self) -> None:
        """Settle in the running event loop; called in it, before the first outcome."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()

    def add(self, outcomes: Iterable[tuple[Settle, Any]]) -> None:
        """Have each function called with its outcome, a result or an exception."""
        self._ready.extend(outcomes)
        # Set only until the loop begins with the outcomes, so that none is left behind.
        if not self._is_woken and self._loop is not None:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._settle_all)

    def _settle_all(self) -> None:
        self._is_woken = False
        while self._ready:
            settle, outcome = self._ready.popleft()
            try:
                settle(outcome)
            except Exception:
                log.exception("an outcome could not be settled")
