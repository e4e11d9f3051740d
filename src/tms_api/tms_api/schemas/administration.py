"""Response schemas of the resources for administrators."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from tms_core.web.openapi import ResponseSchema


class Setting(ResponseSchema):
    """A setting with its value in force, as text in the syntax of the ini file."""

    name: str = Field(description="The key in the ini file.")
    variable: str = Field(description="The environment variable, which wins over the ini file.")
    package: str
    type: str
    value: str | None = Field(description="Null if empty, and for secrets.")
    default: str | None
    source: Literal["default", "ini", "environment", "file"] = Field(description="`file` is the `.env` file.")
    is_secret: bool
    is_set: bool = Field(description="Whether there is a value.")
    help: str


class Settings(ResponseSchema):
    """All settings of the included packages."""

    example = {
        "settings": [
            {
                "name": "tms.database_url",
                "variable": "TMS_DATABASE_URL",
                "package": "tms_core",
                "type": "SecretStr | None",
                "value": None,
                "default": None,
                "source": "environment",
                "is_secret": True,
                "is_set": True,
                "help": "URL of PostgreSQL.",
            }
        ]
    }

    settings: list[Setting]


class Package(ResponseSchema):
    """An included package."""

    name: str
    version: str | None


class Process(ResponseSchema):
    """A process; each reports itself every 10 seconds, and is not alive after 30 seconds without a report."""

    kind: str = Field(description="`api`, `relay`, `realtime`, `worker`, `beat`, or a kind of another package.")
    host: str
    pid: int
    version: str | None
    started_at: datetime
    seen_at: datetime
    is_alive: bool


class Sink(ResponseSchema):
    """A receiver of events; the numbers are null where they are unknown, or before its first start."""

    name: str
    position: int | None = Field(description="The last event that it has received.")
    waiting: int | None = Field(description="Later events.")
    lag_seconds: float | None = Field(description="The age of the oldest of them.")
    error: str | None = Field(description="Why the last delivery failed.")
    failing_since: datetime | None


class Relay(ResponseSchema):
    """The relay of events; the numbers are null while the database is down."""

    leads: bool | None = Field(description="Whether a relay runs and leads.")
    head: int | None = Field(description="The newest event.")
    unnumbered: int | None = Field(description="Committed events without a number, which a relay assigns.")
    sinks: list[Sink]


class Queue(ResponseSchema):
    """A queue of background tasks; the numbers are null while Redis is down."""

    name: str
    waiting: int | None
    running: int | None = Field(description="Messages that a worker has taken.")


class Service(ResponseSchema):
    """A server that the deployment uses."""

    name: str
    status: Literal["ok", "away"]
    version: str | None
    detail: str = Field(description="The address, and the error while it is away.")


class System(ResponseSchema):
    """The state of the deployment."""

    example = {
        "packages": [{"name": "tms_core", "version": "1.0"}],
        "processes": [
            {
                "kind": "relay",
                "host": "app1",
                "pid": 4242,
                "version": "1.0",
                "started_at": "2027-03-01T12:00:00Z",
                "seen_at": "2027-03-02T08:30:00Z",
                "is_alive": True,
            }
        ],
        "processes_known": True,
        "missing_kinds": ["beat"],
        "relay": {
            "leads": True,
            "head": 4711,
            "unnumbered": 0,
            "sinks": [
                {
                    "name": "notifications",
                    "position": 4700,
                    "waiting": 11,
                    "lag_seconds": 2.5,
                    "error": "OperationalError: the connection was lost",
                    "failing_since": "2027-03-02T08:29:58Z",
                }
            ],
        },
        "queues": [{"name": "tms", "waiting": 0, "running": 0}],
        "services": [{"name": "database", "status": "ok", "version": "PostgreSQL 17.2", "detail": "db:5432/tms"}],
        "generated_at": "2027-03-02T08:30:00Z",
    }

    packages: list[Package]
    processes: list[Process]
    processes_known: bool = Field(description="False while Redis is down: only the answering process is listed.")
    missing_kinds: list[str] | None = Field(description="Kinds without a living process; null if unknown.")
    relay: Relay
    queues: list[Queue]
    services: list[Service]
    generated_at: datetime


class Finding(ResponseSchema):
    """A result of one check."""

    check: str
    status: Literal["ok", "warning", "bad"]
    message: str
    advice: str | None = Field(description="What to do about it.")


class Findings(ResponseSchema):
    """The findings of all checks."""

    example = {
        "findings": [
            {
                "check": "relay",
                "status": "bad",
                "message": "no relay runs",
                "advice": "start tms relay (tms up and tms.target start it too).",
            }
        ],
        "is_complete": True,
        "generated_at": "2027-03-02T08:30:00Z",
    }

    findings: list[Finding]
    is_complete: bool = Field(description="False if checks were still running after the time limit.")
    generated_at: datetime
