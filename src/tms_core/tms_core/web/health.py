"""Health checks: /api/health reports that the process is alive, /api/ready whether its dependencies are available."""

from collections.abc import Callable
from typing import Literal

import redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tms_core.errors import UnavailableError
from tms_core.migrations_runner import missing_revisions
from tms_core.readiness import OPTIONAL, Status, overall_status
from tms_core.registry import resolve
from tms_core.runtime import Runtime
from tms_core.web.openapi import Header, ResponseDoc, ResponseSchema, documented
from tms_core.web.resource import json_response, open_to_all, resource


def check_database(runtime: Runtime) -> None:
    try:
        _select(runtime)
    except DBAPIError as error:
        # A connection of the pool is from before a restart of the server; requests are retried in that case, too.
        if not error.connection_invalidated:
            raise
        _select(runtime)


def _select(runtime: Runtime) -> None:
    with runtime.engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def check_migrations(runtime: Runtime) -> None:
    with runtime.engine.connect() as connection:
        if missing := missing_revisions(runtime, connection):
            raise UnavailableError(f"the database lacks {', '.join(sorted(missing))}: run tms migrate")


def check_redis(runtime: Runtime) -> None:
    runtime.redis.ping()


CHECKS: dict[str, Callable[[Runtime], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "redis": check_redis,
}


def readiness(runtime: Runtime) -> dict[str, str]:
    """Return each check's result: "ok", or a sentence without addresses and credentials."""
    results = {}
    for name, check in {
        **CHECKS,
        **{name: resolve(dotted) for name, dotted in runtime.registry.readiness.items()},
    }.items():
        try:
            check(runtime)
            results[name] = "ok"
        except UnavailableError as error:
            results[name] = str(error)
        except (SQLAlchemyError, redis.RedisError) as error:
            results[name] = f"does not answer ({type(error).__name__})"
    return results


class Alive(ResponseSchema):
    """The process is alive."""

    example = {"status": "ok"}

    status: Literal["ok"]


class Readiness(ResponseSchema):
    """The overall status, and each check with `ok` or a description of the problem."""

    example = {"status": "ok", "checks": {"database": "ok", "migrations": "ok", "redis": "ok"}}

    status: Status
    checks: dict[str, str]


NOT_READY = ResponseDoc(Readiness, "A required check fails.", (Header("Retry-After", "Seconds to wait.", "5"),))


class _Open:
    def __init__(self, request, context=None):
        self.request = request


@resource(path="/api/health")
class Health(_Open):
    @open_to_all
    @documented("get_health", responses={200: Alive}, needs_database=False)
    def get(self):
        """Report that this process is alive."""
        return json_response({"status": "ok"})


@resource(path="/api/ready")
class Ready(_Open):
    @open_to_all
    @documented("get_readiness", responses={200: Readiness, 503: NOT_READY})
    def get(self):
        """Report whether this process can serve requests. The status is `degraded` while only Redis is unavailable:
        reads and writes still work. 503 while a required check fails. `checks` has the result of each check."""
        runtime = self.request.registry.tms
        checks = readiness(runtime)
        status = overall_status(checks, OPTIONAL | runtime.registry.optional_checks)
        body = {"status": status, "checks": checks}
        if status == "unavailable":
            return json_response(body, status=503, headers={"Retry-After": "5"})
        return json_response(body)


def includeme(config):
    config.scan("tms_core.web.health")
