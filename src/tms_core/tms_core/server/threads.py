"""Worker threads for the application, called from coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any

Job = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class WorkerThreads:
    """A fixed number of threads with one queue.

    `ThreadPoolExecutor`, with a future and a chain of callbacks per call, took a tenth of the time of a short request.
    """

    def __init__(self, count: int):
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        for number in range(count):
            Thread(target=self._work, name=f"request-{number}", daemon=True).start()

    async def run(self, function: Callable[[], Any]) -> Any:
        """Call `function` in one of the threads; return its result or raise its exception."""
        future = asyncio.get_running_loop().create_future()
        self._jobs.put((function, future))
        return await future

    def _work(self) -> None:
        while True:
            function, future = self._jobs.get()
            try:
                outcome, settle = function(), future.set_result
            except BaseException as error:  # noqa: BLE001 - raised again in the awaiting coroutine
                # A future does not accept StopIteration.
                outcome = RuntimeError("StopIteration") if isinstance(error, StopIteration) else error
                settle = future.set_exception
            future.get_loop().call_soon_threadsafe(_settle, future, settle, outcome)


def _settle(future: asyncio.Future[Any], settle: Callable[[Any], None], outcome: Any) -> None:
    # The awaiting coroutine may have been cancelled.
    if not future.done():
        settle(outcome)
