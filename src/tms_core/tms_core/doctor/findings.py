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
    """The result of one check; for a problem, the sentence names the remedy."""

    level: Level
    sentence: str


Check = Callable[[Runtime], Iterator[Finding]]


def fine(sentence: str) -> Finding:
    return Finding(Level.OK, sentence)


def warning(sentence: str) -> Finding:
    return Finding(Level.WARNING, sentence)


def bad(sentence: str) -> Finding:
    return Finding(Level.BAD, sentence)
