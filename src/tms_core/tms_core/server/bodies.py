"""Reads the bodies of requests before a worker thread is used."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tms_core.server.limits import BUFFERED_BODIES, Limits
from tms_core.web.body_failures import LEFT, OVERLOADED, TIMED_OUT, BodyFailure

Receive = Callable[[], Awaitable[Any]]


class BodyFailedError(Exception):
    """The body could not be received completely; `failure` is the reason."""

    def __init__(self, failure: BodyFailure):
        self.failure = failure
        super().__init__(failure.detail)


class Bodies:
    """The request bodies in the memory of one process."""

    def __init__(self, limits: Limits):
        self._limits = limits
        self._held = 0

    async def read(self, receive: Receive) -> bytearray:
        """Return the body, cut a little above the limit if it is too long; raises `BodyFailedError`.

        The returned body counts towards the limit of the process until `release`.
        """
        body = bytearray()
        try:
            await self._read_into(body, receive)
        except BaseException:
            self.release(body)
            raise
        return body

    def hold(self, body: bytearray) -> None:
        """Count a complete body towards the limit of the process until `release`."""
        self._held += len(body)

    def release(self, body: bytearray) -> None:
        self._held -= len(body)

    async def _read_into(self, body: bytearray, receive: Receive) -> None:
        began = asyncio.get_running_loop().time()
        more = True
        while more and len(body) <= self._limits.body_bytes:
            try:
                async with asyncio.timeout_at(self._limits.body_deadline(began, len(body))):
                    message = await receive()
            except TimeoutError:
                raise BodyFailedError(TIMED_OUT) from None
            if message["type"] == "http.disconnect":
                raise BodyFailedError(LEFT)
            body += message["body"]
            self._held += len(message["body"])
            more = message["more_body"]
            if more and self._held > BUFFERED_BODIES:
                raise BodyFailedError(OVERLOADED)
