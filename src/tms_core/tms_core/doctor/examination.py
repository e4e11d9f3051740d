"""Runs all checks: first the core's, then those of the included packages."""

from collections.abc import Iterator

import redis
from sqlalchemy.exc import SQLAlchemyError

from tms_core.doctor.accounts import check_accounts
from tms_core.doctor.database import check_clock, check_database, check_migrations
from tms_core.doctor.disk import check_disk
from tms_core.doctor.findings import Check, Finding, Level, bad, warning
from tms_core.doctor.redis import check_redis
from tms_core.doctor.relay import check_relay
from tms_core.doctor.search import check_search
from tms_core.doctor.settings import check_settings
from tms_core.errors import TmsError
from tms_core.registry import resolve
from tms_core.runtime import Runtime
from tms_core.sanitizing import error_line

CHECKS: dict[str, Check] = {
    "settings": check_settings,
    "database": check_database,
    "migrations": check_migrations,
    "accounts": check_accounts,
    "search": check_search,
    "clock": check_clock,
    "relay": check_relay,
    "redis": check_redis,
    "disk": check_disk,
}
NEED_DATABASE = ("migrations", "accounts", "search", "clock", "relay")


def examine(runtime: Runtime) -> Iterator[tuple[str, Finding]]:
    """Yield every finding with the name of its check."""
    has_database = True
    added = {name: resolve(dotted) for name, dotted in runtime.registry.doctor_checks.items()}
    for name, check in {**CHECKS, **added}.items():
        if name in NEED_DATABASE and not has_database:
            yield name, warning("not checked: that needs the database.")
            continue
        found = _findings(check, runtime)
        if name == "database":
            has_database = all(finding.level is not Level.BAD for finding in found)
        yield from ((name, finding) for finding in found)


def _findings(check: Check, runtime: Runtime) -> list[Finding]:
    try:
        return list(check(runtime))
    except (SQLAlchemyError, redis.RedisError, OSError, TmsError) as error:
        return [bad(f"cannot be checked: {error_line(error)}")]
