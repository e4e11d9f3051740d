"""What a client got, as it came."""

import time
from collections import Counter
from dataclasses import dataclass, field

import orjson

CUT = "cut off"
LEFT = "left"
# That, and to be told that the server ends, or to come back a little later.
EXCUSED = {CUT, LEFT, "1000", "1001", "1013", "HTTP 503"}


@dataclass
class Record:
    """`since` is the event behind which the client begins."""

    since: int
    got: list[tuple[int, bytes]] = field(default_factory=list)
    resets: int = 0
    pongs: int = 0
    # How connections ended, and how handshakes did that came to none.
    ends: Counter[str] = field(default_factory=Counter)
    # What nothing was asked for, as errors.
    strange: list[str] = field(default_factory=list)
    # The highest number of a write (`writers`) that it has seen.
    newest_write: int = 0
    longest_silence: float = 0.0
    heard_at: float = field(default_factory=time.monotonic)

    @property
    def last(self) -> int:
        """Where to go on."""
        return self.got[-1][0] if self.got else self.since

    @property
    def unexpected(self) -> list[str]:
        """What no fault excuses."""
        return [*self.strange, *(end for end in self.ends if end not in EXCUSED)]

    def take(self, text: bytes) -> None:
        said = orjson.loads(text)
        match said:
            case {"task_id": _}:
                self._receive()
                self.got.append((said["event_id"], text))
                self.newest_write = max(self.newest_write, int(said["title"]))
            case {"type": "reset"}:
                self.resets += 1
            case {"type": "pong"}:
                self.pongs += 1
            case _:
                self.strange.append(text.decode())

    def rewind(self, position: int) -> None:
        """Forget what came behind an event: one has asked for it again."""
        while self.got and self.got[-1][0] > position:
            self.got.pop()

    def _receive(self) -> None:
        now = time.monotonic()
        self.longest_silence = max(self.longest_silence, now - self.heard_at)
        self.heard_at = now
