"""The output of a process, with waiting for patterns."""

import codecs
import os
import re
import selectors
import threading
from collections.abc import Callable
from typing import IO


class ProcessOutput:
    """Reads continuously, so that the process never blocks on a full pipe. To be closed."""

    def __init__(self, stream: IO[bytes], patience: float):
        """`patience` is the time limit of each wait, in seconds; beyond it, AssertionError is raised with the
        output."""
        self.text = ""
        self._stream = stream
        self._patience = patience
        self._has_ended = False
        self._changed = threading.Condition()
        self._closed, self._close = os.pipe()
        self._reader = threading.Thread(target=self._read, name="output", daemon=True)
        self._reader.start()

    def wait_for(self, pattern: str, count: int = 1) -> list[re.Match[str]]:
        """Return the matches of a regular expression, once there are `count` of them."""
        self._wait(lambda: len(re.findall(pattern, self.text)) >= count or self._has_ended, pattern)
        found = list(re.finditer(pattern, self.text))
        assert len(found) >= count, f"the output ended without {pattern!r}:\n{self.text}"
        return found

    def wait_for_end(self) -> None:
        """Wait until the stream is closed by all its writers."""
        self._wait(lambda: self._has_ended, "the end of the output")

    def last(self, pattern: str) -> str:
        """Return the last line that matches the pattern, or an empty string."""
        return next((line for line in reversed(self.text.splitlines()) if re.search(pattern, line)), "")

    def close(self) -> None:
        """Stop reading and close the pipe; idempotent. Later writes of the process fail."""
        if not self._stream.closed:
            os.write(self._close, b".")
            self._reader.join(self._patience)
            self._stream.close()
            os.close(self._close)
            os.close(self._closed)

    def _wait(self, is_enough: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(is_enough, self._patience), f"timed out waiting for {what}:\n{self.text}"

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        source = self._stream.fileno()
        with selectors.DefaultSelector() as selector:
            for pipe in (source, self._closed):
                selector.register(pipe, selectors.EVENT_READ)
            while not self._has_ended:
                ready = {key.fd for key, _ in selector.select()}
                # When closing, read what is left in the pipe, which is at most one chunk.
                chunk = os.read(source, 65536) if source in ready else b""
                with self._changed:
                    self.text += decoder.decode(chunk)
                    self._has_ended = not chunk or self._closed in ready
                    self._changed.notify_all()
