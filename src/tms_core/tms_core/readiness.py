"""What a process can do, from the checks of what it needs."""

from collections.abc import Collection, Mapping
from typing import Literal

Status = Literal["ok", "degraded", "unavailable"]
# Without Redis reads and writes work, more slowly; live updates and mails come late.
OPTIONAL = frozenset({"redis"})


def overall_status(checks: Mapping[str, str], optional: Collection[str] = OPTIONAL) -> Status:
    """«degraded» while only what is optional fails; `checks` has «ok» or what is wrong by the name of each."""
    failed = {name for name, found in checks.items() if found != "ok"}
    if not failed:
        return "ok"
    return "degraded" if failed <= set(optional) else "unavailable"
