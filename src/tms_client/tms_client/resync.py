"""Resumption after subscriptions that were sent on the open connection."""

from enum import Enum, auto

from tms_client.connection import Message


class Decision(Enum):
    WAIT = auto()
    SETTLED = auto()
    AGAIN = auto()


class Resync:
    """Tells replayed events from live ones by two pings around the `resume` message.

    Subscriptions apply from the next event on, so the replay is requested after them. Events before the first pong are
    discarded, because the replay repeats them; events after the second pong belong to the replay or follow it. An event
    between the two may be either: then the replay is requested again.
    """

    def __init__(self) -> None:
        self._pongs = 0
        self._is_unclear = False

    def messages(self, since: int) -> list[Message]:
        return [{"type": "ping"}, {"type": "resume", "since": since}, {"type": "ping"}]

    def recv(self, message: Message) -> Decision:
        if message.get("type") == "pong":
            self._pongs += 1
            if self._pongs == 2:
                return Decision.AGAIN if self._is_unclear else Decision.SETTLED
        elif "event_id" in message and self._pongs == 1:
            self._is_unclear = True
        return Decision.WAIT
