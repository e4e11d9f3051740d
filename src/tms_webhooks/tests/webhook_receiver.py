"""An HTTP server that receives webhooks, and misbehaves on command."""

import asyncio
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web
from standardwebhooks import Webhook

WAIT = 20.0


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verify(self, secret: str) -> Any:
        """Return the body; raises an error of `standardwebhooks`, an independent implementation."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """`with Receiver() as receiver`: listens on `receiver.url(path)`. Answers are taken from `answers[path]`, then 200.

    An answer is a status, a (status, headers, body) or a function of the request that returns a response.
    """

    requests: list[Received] = field(default_factory=list)
    answers: dict[str, deque[Any]] = field(default_factory=lambda: defaultdict(deque))
    default: Any = 200

    def __enter__(self) -> Self:
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._started = threading.Event()
        self._thread.start()
        assert self._started.wait(WAIT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(WAIT)

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def wait_for(self, is_reached: Callable[[list[Received]], bool]) -> list[Received]:
        """Return the requests once the condition holds."""
        with self._changed:
            assert self._changed.wait_for(lambda: is_reached(self.requests), WAIT), self.requests
            return list(self.requests)

    def wait_for_count(self, count: int) -> list[Received]:
        return self.wait_for(lambda requests: len(requests) >= count)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        # Requests that are never answered.
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        self._started.set()
        await self._end.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        received = Received(request.path, dict(request.headers), await request.read())
        with self._changed:
            self.requests.append(received)
            answers = self.answers[request.path]
            answer = answers.popleft() if answers else self.default
            self._changed.notify_all()
        if callable(answer):
            response: web.StreamResponse = await answer(request)
            return response
        status, headers, body = answer if isinstance(answer, tuple) else (answer, {}, b"ok")
        return web.Response(status=status, headers=headers, body=body)


async def hang(_request: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.sleep(3600)
    raise AssertionError
