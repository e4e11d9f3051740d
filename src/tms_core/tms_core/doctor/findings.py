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
    """The result of one check; `advice` names the remedy for a problem, if there is one."""

    level: Level
    message: str
    advice: str | None = None

    @property
    def sentence(self) -> str:
        return f"{self.message}: {self.advice}" if self.advice else self.message


Check = Callable[[Runtime], Iterator[Finding]]


def fine(message: str) -> Finding:
    return Finding(Level.OK, message)


def warning(message: str, advice: str | None = None) -> Finding:
    return Finding(Level.WARNING, message, advice)


def bad(message: str, advice: str | None = None) -> Finding:
    return Finding(Level.BAD, message, advice)
