"""/api/health: this process is alive. /api/ready: it can do its work, and what is missing."""

from collections.abc import Callable
from typing import Literal

import redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tms_core.errors import UnavailableError
from tms_core.migrations_runner import missing_revisions
from tms_core.readiness import OPTIONAL, Status, overall_status
from tms_core.runtime import Runtime, resolve
from tms_core.web.openapi import Answer, AnswerSchema, Header, documented
from tms_core.web.resource import json_response, open_to_all, resource


def check_database(runtime: Runtime) -> None:
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
    """Each check with «ok» or what is wrong, in a sentence without addresses or credentials."""
    found = {}
    for name, check in {**CHECKS, **{name: resolve(dotted) for name, dotted in runtime.readiness.items()}}.items():
        try:
            check(runtime)
            found[name] = "ok"
        except UnavailableError as error:
            found[name] = str(error)
        except (SQLAlchemyError, redis.RedisError) as error:
            found[name] = f"does not answer ({type(error).__name__})"
    return found


class Alive(AnswerSchema):
    """It is."""

    example = {"status": "ok"}

    status: Literal["ok"]


class Readiness(AnswerSchema):
    """Each check with «ok», or with what is wrong."""

    example = {"status": "ok", "checks": {"database": "ok", "migrations": "ok", "redis": "ok"}}

    status: Status
    checks: dict[str, str]


NOT_READY = Answer(Readiness, "Something is missing.", (Header("Retry-After", "Seconds to wait.", "5"),))


class _Open:
    def __init__(self, request, context=None):
        self.request = request


@resource(path="/api/health")
class Health(_Open):
    @open_to_all
    @documented("get_health", answers={200: Alive}, needs_database=False)
    def get(self):
        """This process is alive."""
        return json_response({"status": "ok"})


@resource(path="/api/ready")
class Ready(_Open):
    @open_to_all
    @documented("get_readiness", answers={200: Readiness, 503: NOT_READY})
    def get(self):
        """Whether this process can do its work. `degraded` while only Redis is away: reads and writes work then. 503
        while something that it cannot do without is missing. `checks` names what is."""
        runtime = self.request.registry.tms
        checks = readiness(runtime)
        status = overall_status(checks, OPTIONAL | runtime.optional_checks)
        body = {"status": status, "checks": checks}
        if status == "unavailable":
            return json_response(body, status=503, headers={"Retry-After": "5"})
        return json_response(body)


def includeme(config):
    config.scan("tms_core.web.health")
