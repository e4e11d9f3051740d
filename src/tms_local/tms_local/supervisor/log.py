"""The merged log of all processes: each line with its time and the name of its process."""

import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TextIO

import click

COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_yellow")


class MergedLog:
    """Writes lines, coloured on a terminal unless NO_COLOR is set; stops writing when the stream is closed."""

    def __init__(self, names: Iterable[str], stream: TextIO | None = None):
        self._stream = stream or sys.stdout
        listed = tuple(dict.fromkeys(names))
        self._width = max(map(len, listed), default=0)
        self._colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(listed)}
        self._is_silent = False
        self._is_coloured = self._stream.isatty() and not os.environ.get("NO_COLOR")

    def line(self, name: str, text: str) -> None:
        self.lines(name, [text])

    def lines(self, name: str, texts: Sequence[str]) -> None:
        """Write several lines of one process at once."""
        if not texts:
            return
        prefix = f"{time.strftime('%H:%M:%S')} {name:{self._width}} |"
        if self._is_coloured:
            prefix = click.style(prefix, fg=self._colours.get(name, "white"))
        self.write("".join(f"{prefix} {text}\n" for text in texts))

    def write(self, text: str) -> None:
        """Write text without a prefix, such as the banner."""
        if self._is_silent:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # A closed pipe or terminal must not prevent the supervisor from stopping its processes.
            self._is_silent = True
