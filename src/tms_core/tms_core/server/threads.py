"""Worker threads for the application, and the way back to the event loop."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any

log = logging.getLogger(__name__)
Settle = Callable[[Any], None]
Job = tuple[Callable[[], Any], Settle]


class WorkerThreads:
    """A fixed number of threads with one queue.

    Outcomes that are ready together are settled together: waking the event loop costs a system call. With
    `ThreadPoolExecutor`, futures and callbacks took a tenth of the time of a short request.
    """

    def __init__(self, count: int):
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._outcomes: deque[tuple[Settle, Any]] = deque()
        self._is_woken = False
        self._loop: asyncio.AbstractEventLoop | None = None
        for number in range(count):
            Thread(target=self._work, name=f"request-{number}", daemon=True).start()

    def submit(self, function: Callable[[], Any], settle: Settle) -> None:
        """Call `function` in one of the threads, then `settle` in the running event loop, with the result or the
        exception."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        self._jobs.put((function, settle))

    async def run(self, function: Callable[[], Any]) -> Any:
        """Call `function` in one of the threads; return its result or raise its exception."""
        future = asyncio.get_running_loop().create_future()
        self.submit(function, lambda outcome: _settle(future, outcome))
        return await future

    def _work(self) -> None:
        while True:
            function, settle = self._jobs.get()
            try:
                outcome = function()
            except BaseException as error:  # noqa: BLE001 - passed on
                outcome = error
            self._outcomes.append((settle, outcome))
            # Set only until the loop begins with the outcomes, so that none is left behind.
            if not self._is_woken and self._loop is not None:
                self._is_woken = True
                self._loop.call_soon_threadsafe(self._settle_all)

    def _settle_all(self) -> None:
        self._is_woken = False
        while self._outcomes:
            settle, outcome = self._outcomes.popleft()
            try:
                settle(outcome)
            except Exception:
                log.exception("an outcome could not be settled")


def _settle(future: "asyncio.Future[Any]", outcome: Any) -> None:
    # The awaiting coroutine may have been cancelled.
    if future.done():
        return
    if isinstance(outcome, StopIteration):
        # A future does not accept it.
        outcome = RuntimeError("StopIteration")
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
