"""Going on where one was, with subscriptions that could only be made on the open connection."""

from enum import Enum, auto

from tms_client.connection import Message


class Decision(Enum):
    WAIT = auto()
    SETTLED = auto()
    AGAIN = auto()


class Resync:
    """Subscriptions hold from the next event on, so that what was missed is asked for behind them, between two pings.

    What comes before the first pong is from before, and comes again. What comes after the second is what was asked
    for. Of what comes between the two nobody can tell which it is; then all is asked for again.
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
