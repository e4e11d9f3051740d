"""Answers the requests to one route in batches, by a thread of its own."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread

from tms_core.server.exchange import Exchange
from tms_core.server.outcomes import Outcomes
from tms_core.web.lookup_responses import HttpResponse
from tms_core.web.lookup_routes import PlainRequest

log = logging.getLogger(__name__)
# Requests per batch. More would delay the first responses without saving much per request.
MAX_BATCH = 64
Answer = Callable[[Sequence[PlainRequest]], Sequence[HttpResponse | None]]
Item = tuple[PlainRequest, Exchange]


class Batcher:
    """A thread that takes the waiting requests of a queue, up to `MAX_BATCH`, and has `answer` answer them at once.

    `pass_on` gets the exchanges without a response. A route has its own thread, so that one whose server is slow delays
    no other.
    """

    def __init__(self, name: str, answer: Answer, pass_on: Callable[[Exchange], None], outcomes: Outcomes):
        self._name = name
        self._answer = answer
        self._pass_on = pass_on
        self._outcomes = outcomes
        self._received: list[Item] = []
        self._waiting: SimpleQueue[Item] = SimpleQueue()
        Thread(target=self._work, name=name, daemon=True).start()

    def submit(self, request: PlainRequest, exchange: Exchange) -> None:
        """Answer a request; called in the event loop."""
        if not self._received:
            self._outcomes.attach()
            # The thread is woken once, after all requests that the event loop has received at the same time.
            asyncio.get_running_loop().call_soon(self._enqueue)
        self._received.append((request, exchange))

    def _enqueue(self) -> None:
        for item in self._received:
            self._waiting.put(item)
        self._received.clear()

    def _work(self) -> None:
        while True:
            batch = [self._waiting.get()]
            # No other thread takes from the queue.
            batch += [self._waiting.get() for _ in range(min(self._waiting.qsize(), MAX_BATCH - 1))]
            settled = []
            for (_, exchange), response in zip(batch, self._responses(batch), strict=True):
                if response is None:
                    self._pass_on(exchange)
                else:
                    settled.append((exchange.settle, response))
            if settled:
                self._outcomes.add(settled)

    def _responses(self, batch: Sequence[Item]) -> Sequence[HttpResponse | None]:
        try:
            return self._answer([request for request, _ in batch])
        except BaseException:
            # The thread must not end, since requests would wait for it forever.
            log.exception("%s failed; the views answer", self._name)
            return [None] * len(batch)
