"""The readiness status of a process, computed from its checks."""

from collections.abc import Collection, Mapping
from typing import Literal

Status = Literal["ok", "degraded", "unavailable"]
# Without Redis, reads and writes still work, but slower; live updates and mails are delayed.
OPTIONAL = frozenset({"redis"})


def overall_status(checks: Mapping[str, str], optional: Collection[str] = OPTIONAL) -> Status:
    """Return the overall status: «degraded» if only optional checks fail. `checks` maps the name of each check to «ok»
    or an error message."""
    failed = {name for name, found in checks.items() if found != "ok"}
    if not failed:
        return "ok"
    return "degraded" if failed <= set(optional) else "unavailable"
