"""`EventStream`: task events over a WebSocket that reconnects and resumes by itself."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

from tms_client.clock import Clock
from tms_client.connection import Connection, ConnectionLostError, Connector, Message
from tms_client.errors import RefusedMessageError, StreamClosedError, TmsError
from tms_client.reconnect_policy import SIGNED_OUT, ReconnectPolicy
from tms_client.retry import RetryPolicy
from tms_client.subscriptions import Decision, Resync, Subscription, SubscriptionState, presence, unsubscribe

# The server closes a connection that sends too many messages: by default more than 100 per second, pings included.
BURST = 15
BURST_SECONDS = 1.0
log = logging.getLogger(__name__)


class EventStream(Iterator[Message]):
    """Yields every event after `last_event_id` exactly once and in order, across lost connections. Blocks until the
    next event, and ends when it is closed.

    Besides events, which have a `task_id`, the stream yields control messages, which have a `type`:

    - `{"type": "reset", "event_id": N}`: too many events were missed to be replayed. Read the lists again; the events
      after N follow. With `on_reset`, that is called with N instead.
    - `{"type": "presence", "task": 7, "users": [3, 5]}` or `{"type": "error", "message": …}`: after `presence` only.

    One thread iterates; any thread may call the methods. Raises `ProblemError` for permanent errors (not allowed, an
    invalid filter) and `RefusedMessageError` when the server rejects a subscription.
    """

    def __init__(
        self,
        connector: Connector,
        policy: RetryPolicy,
        clock: Clock,
        *,
        since: int,
        filter: Mapping[str, Any] | None = None,
        on_reset: Callable[[int], object] | None = None,
    ):
        first = Subscription.of(filter or {}, None)
        self._connector = connector
        self._clock = clock
        self._reconnecting = ReconnectPolicy(policy, clock)
        self._on_reset = on_reset
        self._last_event_id = since
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._state = SubscriptionState((first,) if first.params else ())
        self._connection: Connection | None = None
        self._resync: Resync | None = None

    @property
    def last_event_id(self) -> int:
        """The id of the last event that was yielded; pass it as `since` to resume in another stream."""
        return self._last_event_id

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()

    def subscribe(self, filter: Mapping[str, Any], id: str | None = None) -> None:
        """Receive only events that match this or another subscription, each with its `match`. A subscription with the
        same id is replaced."""
        wanted = Subscription.of(filter, id)
        self._change_subscriptions(lambda state: state.subscribed(wanted), wanted.message())

    def unsubscribe(self, id: str | None = None) -> None:
        """Remove one subscription, or all of them including the filter of the stream, and then receive all events."""
        self._change_subscriptions(lambda state: state.unsubscribed(id), unsubscribe(id))

    def presence(self, task_id: int | None) -> None:
        """Announce that the user views this task, and receive who else does; None ends it."""
        self._change_subscriptions(lambda state: SubscriptionState(state.subscriptions, task_id), presence(task_id))

    def close(self) -> None:
        """Close the stream and wake a thread that waits for the next event."""
        self._closed.set()
        # Without the lock, which a thread may hold that is blocked in a send.
        if connection := self._connection:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __next__(self) -> Message:
        while not self._closed.is_set() and (connection := self._connection or self._connect()):
            try:
                item = self._take(connection, connection.recv())
            except ConnectionLostError as loss:
                self._lost(loss)
            else:
                if item is not None:
                    return item
        raise StopIteration

    def _change_subscriptions(self, change: Callable[[SubscriptionState], SubscriptionState], message: Message) -> None:
        if self._closed.is_set():
            raise StreamClosedError("this event stream is closed")
        with self._lock:
            self._state = change(self._state)
            if self._connection:
                # The next connection sends the whole state again.
                with contextlib.suppress(ConnectionLostError):
                    self._connection.send(message)

    def _connect(self) -> Connection | None:
        """Return an open connection, retrying until there is one; None when the stream is closed."""
        while not self._closed.is_set():
            state = self._state
            try:
                connection = self._connector.connect(state.query(self._last_event_id))
            except TmsError as error:
                pause = self._reconnecting.after_error(error)
                log.warning("no realtime connection, trying again in %.1f seconds: %s", pause, error)
                self._clock.pause(pause, self._closed)
                continue
            if self._adopt(connection, state):
                return connection
            connection.close()
        return None

    def _adopt(self, connection: Connection, state: SubscriptionState) -> bool:
        """Use the connection unless the subscriptions changed meanwhile; whether it is in use."""
        self._reconnecting.opened()
        with self._lock:
            if self._state != state:
                return False
            self._connection = connection
            self._resync = None if state.fit_in_an_address else Resync()
            # A connection that is lost here raises at the next recv.
            with contextlib.suppress(ConnectionLostError):
                self._send_all(connection, state)
        # The stream may have been closed before there was a connection to close.
        return not self._closed.is_set()

    def _send_all(self, connection: Connection, state: SubscriptionState) -> None:
        messages = state.messages()
        if self._resync:
            messages += self._resync.messages(self._last_event_id)
        for number, message in enumerate(messages):
            if number and number % BURST == 0:
                self._clock.pause(BURST_SECONDS, self._closed)
            connection.send(message)

    def _take(self, connection: Connection, message: Message) -> Message | None:
        """Return the item to yield for a message, if any."""
        if self._resync:
            verdict = self._resync.recv(message)
            if verdict is Decision.AGAIN:
                self._resync = Resync()
                for question in self._resync.messages(self._last_event_id):
                    connection.send(question)
            elif verdict is Decision.SETTLED:
                self._resync = None
            if "event_id" in message:
                return None
        match message:
            case {"type": "reset", "event_id": int(event_id)}:
                return self._reset(message, event_id)
            case {"event_id": int(event_id)} if event_id > self._last_event_id:
                self._reconnecting.progress()
                self._last_event_id = event_id
                return message
            case {"type": "presence", "task": int()}:
                return message
            case {"type": "error"}:
                return self._refused(message)
        return None

    def _reset(self, message: Message, event_id: int) -> Message | None:
        self._reconnecting.progress()
        self._last_event_id = event_id
        if self._on_reset is None:
            return message
        self._on_reset(event_id)
        return None

    def _refused(self, message: Message) -> Message:
        # Of a task that one looks at, it may just say that it is gone.
        if self._state.task_id is None:
            raise RefusedMessageError(message.get("message"))
        return message

    def _lost(self, loss: ConnectionLostError) -> None:
        with self._lock:
            self._connection = None
        if loss.code == SIGNED_OUT:
            self._connector.invalidate_token()
        if not self._closed.is_set():
            pause = self._reconnecting.after_close(loss.code)
            log.info("realtime connection %s, coming back in %.1f seconds", loss, pause)
            self._clock.pause(pause, self._closed)
