"""The state of the deployment: processes, relay, queues and servers, also while some of these are away."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tms_core.event_log.leadership import is_led
from tms_core.processes import directory
from tms_core.processes.directory import ProcessReport
from tms_core.relay.lag import SinkState, head, sink_states, unassigned
from tms_core.runtime import Runtime
from tms_core.sanitizing import error_line

# Every deployment has these; packages add their own, as «realtime».
KINDS = ("api", "relay", "worker", "beat")
VERSION = text("SELECT current_setting('server_version')")
# The keys of Celery's queue, and of the messages that workers have taken and not acknowledged.
QUEUE, QUEUE_KEY, TAKEN_KEY = "tms", "tms:celery:tms", "tms:celery:unacked"


@dataclass(frozen=True, slots=True)
class Service:
    """A server that the deployment uses; `detail` is its address, with the error while it is away."""

    name: str
    status: Literal["ok", "away"]
    version: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class RelayState:
    """None where the database is away. A sink without a state has not started yet."""

    leads: bool | None
    head: int | None
    unnumbered: int | None
    sinks: dict[str, SinkState | None]


@dataclass(frozen=True, slots=True)
class Queue:
    """Messages of a Celery queue: waiting, and taken by workers. None while Redis is away."""

    name: str
    waiting: int | None
    running: int | None


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """`processes_known` is False while Redis is away: then only this process is listed, and none counts as missing."""

    processes: tuple[tuple[ProcessReport, bool], ...]
    processes_known: bool
    missing_kinds: tuple[str, ...] | None
    relay: RelayState
    queues: tuple[Queue, ...]
    services: tuple[Service, ...]


def read_system_status(runtime: Runtime, *, kind: str = "api") -> SystemStatus:
    """Return the state of the deployment; never raises because a server is away. `kind` is that of this process."""
    relay, database = _read_database(runtime)
    own = ProcessReport.of_this_process(kind)
    reports, queue, server = _read_redis(runtime)
    now = time.time()
    # This process is alive, whether or not it could report itself.
    others = [one for one in reports or () if (one.host, one.pid, one.kind) != (own.host, own.pid, own.kind)]
    processes = tuple((one, one.is_alive(now)) for one in _ordered([own, *others]))
    missing = (
        None if reports is None else _missing_kinds(runtime, {one.kind for one, is_alive in processes if is_alive})
    )
    return SystemStatus(processes, reports is not None, missing, relay, (queue,), (database, server))


def _missing_kinds(runtime: Runtime, alive: set[str]) -> tuple[str, ...]:
    return tuple(kind for kind in (*KINDS, *runtime.registry.processes) if kind not in alive)


def _ordered(reports: list[ProcessReport]) -> Iterator[ProcessReport]:
    order = {kind: place for place, kind in enumerate(("api", "relay", "realtime", "worker", "beat"))}
    yield from sorted(reports, key=lambda one: (order.get(one.kind, len(order)), one.kind, one.host, one.started_at))


def _read_database(runtime: Runtime) -> tuple[RelayState, Service]:
    url = runtime.engine.url
    host = url.host or url.query.get("host") or "localhost"
    where = f"{host}{f':{url.port}' if url.port else ''}/{url.database or ''}"
    try:
        with runtime.limited_engine.connect() as connection:
            version = str(connection.scalar(VERSION))
            states = sink_states(connection)
            relay = RelayState(
                leads=is_led(connection),
                head=head(connection),
                unnumbered=unassigned(connection).events,
                sinks={sink: states.get(sink) for sink in runtime.registry.sinks},
            )
    except SQLAlchemyError as error:
        unknown = RelayState(None, None, None, dict.fromkeys(runtime.registry.sinks))
        return unknown, Service("database", "away", None, f"{where}: {error_line(error)}")
    return relay, Service("database", "ok", f"PostgreSQL {version.split()[0]}", where)


def _read_redis(runtime: Runtime) -> tuple[list[ProcessReport] | None, Queue, Service]:
    """Return the reports of processes, None if they are unknown, the queue and the server."""
    parts = urlsplit(runtime.core.redis)
    address = parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}{parts.path}"
    try:
        client = runtime.redis_long_timeout
        stored, waiting, running, about = _responses(client)
        reports = directory.parse(stored)
        dead = directory.outdated(reports, time.time())
        directory.remove(client, dead)
    except redis.RedisError as error:
        away = Service("redis", "away", None, f"{address}: {error_line(error)}")
        return None, Queue(QUEUE, None, None), away
    server = Service("redis", "ok", _version(about), address)
    return [one for one in reports if one.name not in dead], Queue(QUEUE, waiting, running), server


def _responses(client: redis.Redis) -> tuple[dict[bytes, bytes], int, int, dict[str, Any]]:
    with client.pipeline(transaction=False) as pipeline:
        pipeline.hgetall(directory.KEY)
        pipeline.llen(QUEUE_KEY)
        pipeline.hlen(TAKEN_KEY)
        pipeline.info("server")
        return cast(tuple[dict[bytes, bytes], int, int, dict[str, Any]], tuple(pipeline.execute()))


def _version(about: dict[str, Any]) -> str:
    valkey = about.get("valkey_version")
    return f"Valkey {valkey}" if valkey else f"Redis {about.get('redis_version')}"


def at(seconds: float) -> datetime:
    """Return a time in seconds since the epoch as an instant."""
    return datetime.fromtimestamp(seconds, UTC)
