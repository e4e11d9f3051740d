"""A client's connection over either protocol: its subscriptions, its replay and its end."""

import asyncio
import logging
from collections.abc import Collection

from tms_core.auth.access_tokens import AccessClaims
from tms_core.permissions import Actor
from tms_core.services.task_filter import TaskFilter
from tms_realtime import metrics
from tms_realtime.clients.context import ConnectionContext
from tms_realtime.clients.rate_limit import TokenBucket
from tms_realtime.clients.replay import replay
from tms_realtime.clients.view import Subscription, View
from tms_realtime.clients.watches import MAX_WATCHED
from tms_realtime.clients.wire import Wire
from tms_realtime.event_log.reader import LogUnavailableError

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013
MAX_SUBSCRIPTIONS = 50
log = logging.getLogger(__name__)


class Connection:
    """A client of the hub (`hub.Client`)."""

    __slots__ = ("_context", "_rate_limit", "_replay", "_subscriptions", "_wire", "actor", "claims", "send")

    def __init__(self, context: ConnectionContext, wire: Wire, claims: AccessClaims | None):
        self.claims = claims
        self.actor = Actor(claims.user_id, claims.is_admin) if claims else None
        # Bound once, since it is called for every message of every client.
        self.send = wire.send
        self._wire = wire
        self._context = context
        self._subscriptions: tuple[Subscription, ...] = ()
        self._replay: asyncio.Task[None] | None = None
        self._rate_limit = TokenBucket(context.settings.messages)

    @property
    def view(self) -> View:
        sees_all = self._context.visibility == "team" or self.actor is None or self.actor.is_admin
        return View(None if sees_all else self.actor, self._subscriptions)

    @property
    def pending(self) -> int:
        return self._wire.pending

    @property
    def position(self) -> int | None:
        """The position up to which the client is up to date; None during a replay."""
        return self._context.hub.position if self._replay is None else None

    @property
    def user_id(self) -> int | None:
        return self.actor.id if self.actor else None

    def begin(self, *, since: int | None, wanted: TaskFilter | None) -> None:
        """Start sending events; with `since`, replay the events after it first."""
        self._subscriptions = () if wanted is None else (Subscription(wanted),)
        if since is None:
            self.go_live()
        else:
            self.resume(since)

    def resume(self, since: int) -> None:
        """Restart after the event `since`."""
        self._context.hub.hold(self)
        self._stop_replay()
        self._replay = asyncio.ensure_future(self._resume(since))

    def go_live(self) -> None:
        """Receive the events that the hub publishes from now on."""
        self._replay = None
        self._context.hub.join(self, self.view)

    def subscribe(self, subscription: Subscription) -> None:
        """Add a subscription, replacing one of the same name. Raises ValueError above `MAX_SUBSCRIPTIONS`."""
        others = tuple(one for one in self._subscriptions if one.name is None or one.name != subscription.name)
        if len(others) >= MAX_SUBSCRIPTIONS:
            raise ValueError(f"a connection has at most {MAX_SUBSCRIPTIONS} subscriptions")
        self._subscribe((*others, subscription))

    def unsubscribe(self, name: str | None) -> None:
        """Remove a subscription, or all if `name` is None. Raises LookupError for an unknown name."""
        left = () if name is None else tuple(one for one in self._subscriptions if one.name != name)
        if name is not None and len(left) == len(self._subscriptions):
            raise LookupError(f"there is no subscription {name!r}")
        self._subscribe(left)

    def view_task(self, task_id: int | None) -> None:
        """Report this user as viewing the task, and send the other viewers; None ends it."""
        self._context.presence.view_task(self, task_id)

    def watch_tasks(self, task_ids: Collection[int]) -> None:
        """Send the viewers of these tasks, now and when they change. Raises ValueError above `MAX_WATCHED`."""
        if len(task_ids) > MAX_WATCHED:
            raise ValueError(f"a connection watches at most {MAX_WATCHED} tasks")
        self._context.presence.watch_tasks(self, task_ids)

    def may_send(self) -> bool:
        """Whether the rate limit allows another message; ends the connection if not."""
        if self._rate_limit.use():
            return True
        self.end(POLICY_VIOLATION, f"more than {self._context.settings.messages} messages a second")
        return False

    def end_slow_reader(self) -> None:
        """End the connection because its client does not read; the client resumes with what it has received."""
        self.end(TRY_AGAIN_LATER, "too slow")

    def end(self, code: int, reason: str) -> None:
        """Leave the hub and begin to close with a WebSocket close code."""
        metrics.CLOSED.labels(code).inc()
        self.gone()
        self._wire.close(code, reason)

    def gone(self) -> None:
        """Clean up after the connection; idempotent."""
        self._context.hub.leave(self)
        self._context.presence.gone(self)
        self._stop_replay()

    def _subscribe(self, subscriptions: tuple[Subscription, ...]) -> None:
        self._subscriptions = subscriptions
        # A running replay uses the new view from its next event on.
        if self._replay is None:
            self.go_live()

    def _stop_replay(self) -> None:
        if self._replay is not None:
            self._replay.cancel()
            self._replay = None

    async def _resume(self, since: int) -> None:
        try:
            await replay(self, self._wire, self._context, since)
            # Sending the last message may have ended the connection.
            if self._replay is asyncio.current_task():
                self.go_live()
        except LogUnavailableError:
            self.end(TRY_AGAIN_LATER, "the event log is unavailable")
        except TimeoutError:
            self.end_slow_reader()
        except Exception:
            # The task is not awaited: without this, the client would wait for ever.
            log.exception("replay failed")
            self.end(TRY_AGAIN_LATER, "the event log is unavailable")
