"""The runtime of a process: settings, database, Redis, and the registrations of the packages."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from tms_core.db import (
    create_autocommit_engine,
    create_database_engine,
    create_session_factory,
    transaction,
    with_statement_timeout,
)
from tms_core.list_cache_version import announce_commits, begin_on_connect
from tms_core.redis import Breaker, create_redis
from tms_core.settings import CoreSettings
from tms_core.settings_base import SettingsGroup

if TYPE_CHECKING:
    from redis import Redis

    from tms_core.account_mail import AccountMailer

G = TypeVar("G", bound=SettingsGroup)
LONG_TIMEOUT = 0.5
# Cached properties that own a pool, and those derived from them.
POOLS = ("engine", "autocommit_engine")
DERIVED = ("sessions", "limited_engine")


@dataclass(frozen=True, slots=True)
class BeatEntry:
    """A periodic Celery task; `schedule` computes its schedule from the runtime, and thus from settings."""

    name: str
    task: str
    schedule: Callable[["Runtime"], Any]


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """A package's process of `tms up`: the arguments of `tms`, and its port, if any.

    `listens` returns every port that the process listens on, as (setting, host, port).
    """

    name: str
    argv: tuple[str, ...]
    port: Callable[["Runtime"], int] | None = None
    listens: Callable[["Runtime"], Sequence[tuple[str, str, int]]] = lambda runtime: ()


@dataclass
class Runtime:
    """Filled by directives while packages are included; read-only afterwards."""

    ini: dict[str, str]
    ini_path: str | None = None
    is_web: bool = False
    groups: dict[type[SettingsGroup], SettingsGroup] = field(default_factory=dict)
    sinks: dict[str, str] = field(default_factory=dict)
    task_modules: list[str] = field(default_factory=list)
    beat_entries: dict[str, BeatEntry] = field(default_factory=dict)
    processes: dict[str, ProcessEntry] = field(default_factory=dict)
    migrations: dict[str, str] = field(default_factory=dict)
    readiness: dict[str, str] = field(default_factory=dict)
    optional_checks: set[str] = field(default_factory=set)
    index_links: dict[str, str] = field(default_factory=dict)
    doctor_checks: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    scopes: dict[str, str] = field(default_factory=dict)
    account_mailer: str | None = None
    link_urls: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    packages: tuple[str, ...] = ()

    def settings(self, group: type[G]) -> G:
        return self.groups[group]  # type: ignore[return-value]

    @property
    def core(self) -> CoreSettings:
        return self.settings(CoreSettings)

    @cached_property
    def engine(self) -> Engine:
        return create_database_engine(self.core)

    @cached_property
    def limited_engine(self) -> Engine:
        """An engine on the same pool for read-only requests: statements are cancelled after `tms.reads.timeout`."""
        return with_statement_timeout(self.engine, self.core.read_timeout)

    @cached_property
    def autocommit_engine(self) -> Engine:
        """An engine with its own pool in autocommit mode, which saves BEGIN and COMMIT for single statements."""
        return create_autocommit_engine(self.core)

    @cached_property
    def sessions(self) -> sessionmaker[Session]:
        factory = create_session_factory(self.engine)
        announce_commits(factory, self)
        return factory

    def transaction(self) -> AbstractContextManager[Session]:
        """Return a context manager for a session that commits at the end of the block and rolls back if it raises."""
        return transaction(self.sessions)

    @cached_property
    def redis(self) -> "Redis":
        return create_redis(self.core, on_connect=begin_on_connect)

    @cached_property
    def redis_long_timeout(self) -> "Redis":
        """A client with a longer timeout, for commands that must succeed whenever Redis is up."""
        return create_redis(self.core, timeout=max(LONG_TIMEOUT, self.core.redis_timeout), on_connect=begin_on_connect)

    @cached_property
    def breaker(self) -> Breaker:
        """The circuit breaker of this process for optional uses of Redis."""
        return Breaker()

    @cached_property
    def mailer(self) -> "AccountMailer | None":
        """The mailer of account links; None if no package provides one."""
        return resolve(self.account_mailer)(self) if self.account_mailer else None

    def link_url(self, purpose: str) -> str | None:
        """Return the URL of mailed links of a `LinkPurpose`, with `account_mail.TOKEN` in place of the token; None if
        no package registers one."""
        url = self.link_urls.get(purpose)
        return str(resolve(url)(self)) if url else None

    def forget_connections(self) -> None:
        """Discard inherited connections after a fork without closing them, since the parent uses them."""
        for name in POOLS:
            if engine := self.__dict__.pop(name, None):
                engine.dispose(close=False)
        for name in (*DERIVED, "redis", "redis_long_timeout"):
            self.__dict__.pop(name, None)

    def close(self) -> None:
        """Close all connections; the runtime can be used again afterwards."""
        for name in POOLS:
            if engine := self.__dict__.pop(name, None):
                engine.dispose()
        for name in DERIVED:
            self.__dict__.pop(name, None)
        for name in ("redis", "redis_long_timeout"):
            if client := self.__dict__.pop(name, None):
                client.close()


def resolve(dotted: str) -> Any:
    """Import and return the object «package.module:name»."""
    module, _, name = dotted.partition(":")
    return getattr(import_module(module), name)
