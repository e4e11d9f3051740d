"""Threads that run the application, and a coroutine's way to have one do something."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any

Job = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class WorkerThreads:
    """A fixed number of threads behind one queue.

    What `ThreadPoolExecutor` does besides, for each call a future of its own and a chain of callbacks, was a tenth
    of a short request's time.
    """

    def __init__(self, count: int):
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        for number in range(count):
            Thread(target=self._work, name=f"request-{number}", daemon=True).start()

    async def run(self, function: Callable[[], Any]) -> Any:
        """What `function` returns or raises in one of the threads."""
        future = asyncio.get_running_loop().create_future()
        self._jobs.put((function, future))
        return await future

    def _work(self) -> None:
        while True:
            function, future = self._jobs.get()
            try:
                outcome, settle = function(), future.set_result
            except BaseException as error:  # noqa: BLE001 - whoever waits for it is to see it
                # A future takes no StopIteration.
                outcome = RuntimeError("StopIteration") if isinstance(error, StopIteration) else error
                settle = future.set_exception
            future.get_loop().call_soon_threadsafe(_settle, future, settle, outcome)


def _settle(future: asyncio.Future[Any], settle: Callable[[Any], None], outcome: Any) -> None:
    # Whoever waited may have been cancelled meanwhile.
    if not future.done():
        settle(outcome)
