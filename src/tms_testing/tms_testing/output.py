"""For tests: what a process writes, awaited."""

import codecs
import os
import re
import selectors
import threading
from collections.abc import Callable
from typing import IO


class ProcessOutput:
    """Reads all the time, since a process whose pipe is full stands still; to be closed."""

    def __init__(self, stream: IO[bytes], patience: float):
        """Whoever waits does so for `patience` seconds at the most, and then has an AssertionError with the output."""
        self.text = ""
        self._stream = stream
        self._patience = patience
        self._has_ended = False
        self._changed = threading.Condition()
        self._closed, self._close = os.pipe()
        self._reader = threading.Thread(target=self._read, name="output", daemon=True)
        self._reader.start()

    def wait_for(self, pattern: str, count: int = 1) -> list[re.Match[str]]:
        """The matches of a regular expression, once there are `count` of them."""
        self._wait(lambda: len(re.findall(pattern, self.text)) >= count or self._has_ended, pattern)
        found = list(re.finditer(pattern, self.text))
        assert len(found) >= count, f"ended without {pattern!r}:\n{self.text}"
        return found

    def wait_for_end(self) -> None:
        """Until nobody can write any more."""
        self._wait(lambda: self._has_ended, "no end")

    def last(self, pattern: str) -> str:
        """The last line in which the expression is found; empty where there is none."""
        return next((line for line in reversed(self.text.splitlines()) if re.search(pattern, line)), "")

    def close(self) -> None:
        """Who still writes is told that nobody reads. May be called again."""
        if not self._stream.closed:
            os.write(self._close, b".")
            self._reader.join(self._patience)
            self._stream.close()
            os.close(self._close)
            os.close(self._closed)

    def _wait(self, is_enough: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(is_enough, self._patience), f"{what} not in time:\n{self.text}"

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        source = self._stream.fileno()
        with selectors.DefaultSelector() as selector:
            for pipe in (source, self._closed):
                selector.register(pipe, selectors.EVENT_READ)
            while not self._has_ended:
                ready = {key.fd for key, _ in selector.select()}
                # At the close, what is in the pipe still; that much fits into it.
                chunk = os.read(source, 65536) if source in ready else b""
                with self._changed:
                    self.text += decoder.decode(chunk)
                    self._has_ended = not chunk or self._closed in ready
                    self._changed.notify_all()
