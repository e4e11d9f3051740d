"""Parsing of rates in settings: `10/minute; 100/hour`, or `0` for unlimited."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
RATE = re.compile(rf"([1-9]\d{{0,8}})\s*/\s*({'|'.join(SECONDS)})")
UNLIMITED = "0"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `amount` per `period`."""

    amount: int
    period: str

    @property
    def seconds(self) -> int:
        return SECONDS[self.period]


def _rates(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.strip() == UNLIMITED:
        return ()
    return tuple(_rate(part.strip()) for part in value.split(";"))


def _rate(text: str) -> Rate:
    found = RATE.fullmatch(text)
    if found is None:
        raise ValueError("must be 0 or rates such as 10/minute; 100/hour (per second, minute, hour or day)")
    return Rate(int(found[1]), found[2])


Rates = Annotated[tuple[Rate, ...], BeforeValidator(_rates)]
