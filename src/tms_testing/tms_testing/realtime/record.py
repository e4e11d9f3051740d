"""The record of what a client received."""

import time
from collections import Counter
from dataclasses import dataclass, field

import orjson

CUT = "cut off"
LEFT = "left"
# Ends of a connection that faults explain: aborts, normal closes, server shutdown, and "try again later".
EXCUSED = {CUT, LEFT, "1000", "1001", "1013", "HTTP 503"}


@dataclass
class Record:
    """Messages in the order received; `since` is the event after which the client begins."""

    since: int
    got: list[tuple[int, bytes]] = field(default_factory=list)
    resets: int = 0
    pongs: int = 0
    # Counts of the ways in which connections ended or handshakes failed.
    ends: Counter[str] = field(default_factory=Counter)
    # Unexpected messages, such as errors.
    strange: list[str] = field(default_factory=list)
    # The highest write number (see `writers`) received.
    newest_write: int = 0
    longest_silence: float = 0.0
    received_at: float = field(default_factory=time.monotonic)

    @property
    def last(self) -> int:
        """The position to resume from."""
        return self.got[-1][0] if self.got else self.since

    @property
    def unexpected(self) -> list[str]:
        """Unexpected messages, and ends of connections that no fault explains."""
        return [*self.strange, *(end for end in self.ends if end not in EXCUSED)]

    def take(self, text: bytes) -> None:
        """Record a message."""
        message = orjson.loads(text)
        match message:
            case {"task_id": _}:
                self._receive()
                self.got.append((message["event_id"], text))
                self.newest_write = max(self.newest_write, int(message["title"]))
            case {"type": "reset"}:
                self.resets += 1
            case {"type": "pong"}:
                self.pongs += 1
            case _:
                self.strange.append(text.decode())

    def rewind(self, position: int) -> None:
        """Forget the messages after a position, from which the client resumes."""
        while self.got and self.got[-1][0] > position:
            self.got.pop()

    def _receive(self) -> None:
        now = time.monotonic()
        self.longest_silence = max(self.longest_silence, now - self.received_at)
        self.received_at = now
