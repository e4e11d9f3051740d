"""Worker threads for the application."""

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any

from tms_core.server.outcomes import Outcomes, Settle

Job = tuple[Callable[[], Any], Settle]


class WorkerThreads:
    """A fixed number of threads with one queue.

    With `ThreadPoolExecutor`, futures and callbacks took a tenth of the time of a short request.
    """

    def __init__(self, count: int):
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self.outcomes = Outcomes()
        for number in range(count):
            Thread(target=self._work, name=f"request-{number}", daemon=True).start()

    def submit(self, function: Callable[[], Any], settle: Settle) -> None:
        """Call `function` in one of the threads, then `settle` in the event loop, with the result or the exception.

        Called in the event loop, or, once `outcomes` is attached to it, in any thread.
        """
        self.outcomes.attach()
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
            self.outcomes.add([(settle, outcome)])


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
