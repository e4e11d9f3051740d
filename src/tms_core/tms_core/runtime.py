"""The runtime of a process: its settings and connections."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from tms_core.account_mail import AccountMailer
from tms_core.db import (
    create_autocommit_engine,
    create_database_engine,
    create_session_factory,
    transaction,
    with_statement_timeout,
)
from tms_core.document_mail import DocumentMailer
from tms_core.list_cache_version import announce, announce_commits, begin_on_connect
from tms_core.redis import Breaker, DirectRedis, create_redis
from tms_core.registry import Registry, resolve
from tms_core.settings import CoreSettings
from tms_core.settings_base import SettingsGroup
from tms_core.single_statements import SingleStatements

G = TypeVar("G", bound=SettingsGroup)
LONG_TIMEOUT = 0.5
# Cached properties that own a pool, and those derived from them.
POOLS = ("engine", "autocommit_engine")
DERIVED = ("sessions", "limited_engine", "direct_redis", "direct_redis_long_timeout")


@dataclass
class Runtime:
    """Settings, connections, and the registry of what the packages provide. Connections are opened on first use."""

    ini: dict[str, str]
    ini_path: str | None = None
    is_web: bool = False
    groups: dict[type[SettingsGroup], SettingsGroup] = field(default_factory=dict)
    registry: Registry = field(default_factory=Registry)

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
    def single_statements(self) -> SingleStatements:
        """The executor of single statements, with connections of its own in autocommit mode."""
        return SingleStatements(self.autocommit_engine, self.core.database_pool_size)

    @cached_property
    def sessions(self) -> sessionmaker[Session]:
        factory = create_session_factory(self.engine)
        announce_commits(factory, lambda: announce(self.direct_redis_long_timeout))
        return factory

    def transaction(self) -> AbstractContextManager[Session]:
        """Return a context manager for a session that commits at the end of the block and rolls back if it raises."""
        return transaction(self.sessions)

    @cached_property
    def redis(self) -> Redis:
        return create_redis(self.core, on_connect=begin_on_connect)

    @cached_property
    def direct_redis(self) -> DirectRedis:
        """The same server and time-out, for a command of nearly every request."""
        return DirectRedis(self.redis)

    @cached_property
    def direct_redis_long_timeout(self) -> DirectRedis:
        return DirectRedis(self.redis_long_timeout)

    @cached_property
    def redis_long_timeout(self) -> Redis:
        """A client with a longer timeout, for commands that must succeed whenever Redis is up."""
        return create_redis(self.core, timeout=max(LONG_TIMEOUT, self.core.redis_timeout), on_connect=begin_on_connect)

    @cached_property
    def breaker(self) -> Breaker:
        """The circuit breaker of this process for optional uses of Redis."""
        return Breaker()

    @cached_property
    def mailer(self) -> AccountMailer | None:
        """The mailer of account links; None if no package provides one."""
        mailer = self.registry.account_mailer
        return resolve(mailer)(self) if mailer else None

    @cached_property
    def document_mailer(self) -> DocumentMailer | None:
        """The mailer of documents; None if no package provides one."""
        mailer = self.registry.document_mailer
        return resolve(mailer)(self) if mailer else None

    def link_url(self, purpose: str) -> str | None:
        """Return the URL of mailed links of a `LinkPurpose`, with `account_mail.TOKEN` in place of the token; None if
        no package registers one."""
        url = self.registry.link_urls.get(purpose)
        return str(resolve(url)(self)) if url else None

    def forget_connections(self) -> None:
        """Discard inherited connections after a fork without closing them, since the parent uses them."""
        for name in POOLS:
            if engine := self.__dict__.pop(name, None):
                engine.dispose(close=False)
        for name in (*DERIVED, "single_statements", "redis", "redis_long_timeout"):
            # psycopg2 closes no connection of another process.
            self.__dict__.pop(name, None)

    def close(self) -> None:
        """Close all connections; the runtime can be used again afterwards."""
        if statements := self.__dict__.pop("single_statements", None):
            statements.close()
        for name in POOLS:
            if engine := self.__dict__.pop(name, None):
                engine.dispose()
        for name in DERIVED:
            self.__dict__.pop(name, None)
        for name in ("redis", "redis_long_timeout"):
            if client := self.__dict__.pop(name, None):
                client.close()
