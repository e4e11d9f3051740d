"""A pool of followers on an event loop in its own thread."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from tms_testing.realtime.followers import Follower
from tms_testing.realtime.process import PATIENCE

POLL_SECONDS = 0.01


class ClientPool:
    """Runs followers from `start` to `stop`. An exception of a follower is raised by the waiting methods and by
    `stop`."""

    def __init__(self, followers: Sequence[Follower]):
        self.followers = followers
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="client-pool", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._following: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        for follower in followers:
            follower.notice = self._notice

    def start(self) -> None:
        self._thread.start()
        self.wait_for(lambda: self._following is not None)

    def settle(self) -> None:
        """Make all followers follow without further disturbances."""
        for follower in self.followers:
            follower.settle()

    def stop(self) -> None:
        if self._loop and self._following and not self._following.done():
            self._loop.call_soon_threadsafe(self._following.cancel)
        self._thread.join(PATIENCE)
        self._raise()
        assert not self._thread.is_alive(), "followers do not end"

    def wait_for(self, is_so: Callable[[], bool]) -> bool:
        """Wait for a condition, checked after each message and each disconnect; return whether it holds."""
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or is_so(), PATIENCE)
        self._raise()
        return is_so()

    def await_all(self, is_so: Callable[[Follower], bool], what: str) -> None:
        """Wait until the condition holds for all followers; raises AssertionError that names the others."""
        self.wait_for(lambda: all(map(is_so, self.followers)))
        lacking = [
            f"{one.name} at {one.record.last} after {dict(one.record.ends)}" for one in self.followers if not is_so(one)
        ]
        assert not lacking, f"{what}: not {'; '.join(lacking)}"

    def flush(self) -> None:
        """Wait until every follower has read what was sent to it."""
        self._do(self._flush())

    def cut(self, followers: Sequence[Follower]) -> None:
        """Abort the connections of the followers."""
        self._do(self._cut(followers))

    def send_away(self, followers: Sequence[Follower]) -> None:
        """Disconnect the followers, and keep them away until `let_back`."""
        for follower in followers:
            follower.is_away = True
        self.cut(followers)
        self.wait_for(lambda: all(follower.port is None for follower in followers))

    def let_back(self, followers: Sequence[Follower]) -> None:
        """Let the followers reconnect."""
        for follower in followers:
            follower.is_away = False

    def _do(self, coroutine: Coroutine[Any, Any, None]) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)

    async def _flush(self) -> None:
        for follower in self.followers:
            while not await follower.is_flushed():
                await asyncio.sleep(POLL_SECONDS)

    async def _cut(self, followers: Sequence[Follower]) -> None:
        for follower in followers:
            follower.cut()

    def _run(self) -> None:
        try:
            asyncio.run(self._follow())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised by the waiting methods
            self._error = error
        self._notice()

    async def _follow(self) -> None:
        self._loop, self._following = asyncio.get_running_loop(), asyncio.current_task()
        self._notice()
        async with asyncio.TaskGroup() as tasks:
            for follower in self.followers:
                tasks.create_task(follower.run())

    def _raise(self) -> None:
        if self._error:
            raise self._error

    def _notice(self) -> None:
        with self._changed:
            self._changed.notify_all()
