from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tms_core.runtime import Runtime


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; where it is not well, the sentence says what to mend."""

    level: Level
    sentence: str


Check = Callable[[Runtime], Iterator[Finding]]


def fine(sentence: str) -> Finding:
    return Finding(Level.OK, sentence)


def warning(sentence: str) -> Finding:
    return Finding(Level.WARNING, sentence)


def bad(sentence: str) -> Finding:
    return Finding(Level.BAD, sentence)
