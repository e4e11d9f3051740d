"""The core's settings."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PrivateAttr, SecretStr, field_validator, model_validator
from redis.connection import parse_url
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from tms_core.addresses import local_url
from tms_core.errors import ConfigurationError
from tms_core.server_urls import EXAMPLES, missing_url
from tms_core.settings_base import SettingsGroup, setting
from tms_core.signing_key import own_key


def _words(value: Any) -> Any:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _networks(value: object) -> object:
    try:
        return tuple(map(ip_network, _words(value))) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f"must be addresses or networks, as 10.0.0.0/8: {error}") from None


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Network = IPv4Network | IPv6Network
Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks)]

MIN_KEY_LENGTH = 32
WEAK_WORDS = ("change", "default", "development", "example", "password", "secret")


def _is_redis_address(url: str) -> bool:
    try:
        parse_url(url)
        database = "" if url.startswith("unix://") else urlsplit(url).path.strip("/")
    except ValueError:
        return False
    return not database or database.isdecimal()


def _is_weak(key: str) -> bool:
    return len(key) < MIN_KEY_LENGTH or len(set(key)) < 10 or any(word in key.lower() for word in WEAK_WORDS)


class CoreSettings(SettingsGroup, prefix="tms"):
    _embedded_urls: dict[str, str] = PrivateAttr(default_factory=dict)

    environment: Literal["development", "production"] = setting(
        "production",
        help="development defaults to the servers of tms_local and a generated key; production requires all to be set.",
    )
    state_dir: Path = setting(Path("var"), help="Directory of the embedded servers' data and of development mail.")
    database_url: SecretStr | None = setting(
        None, help="URL of PostgreSQL, as postgresql://user:password@host/name; empty: the server of tms_local."
    )
    database_pool_size: int = setting(
        10,
        help="Database connections per process; tms api has two more pools of at most as many, for single statements "
        "and for lists. A pool opens as many as threads use at once.",
        ge=1,
        le=200,
    )
    database_statement_timeout: float = setting(30.0, help="Timeout of SQL statements, in seconds.", gt=0)
    read_timeout: float = setting(
        5.0,
        key="reads.timeout",
        help="Timeout of SQL statements in read-only requests, in seconds; the response is 503.",
        gt=0,
        le=3600,
    )
    expensive_reads: int = setting(
        2,
        key="reads.expensive",
        help="Concurrent searches, reports and counts of a large table per process; less than tms.api_threads.",
        ge=1,
        le=64,
    )
    expensive_reads_per_user: int = setting(
        1, key="reads.expensive_per_user", help="The same per user and process.", ge=1, le=64
    )
    expensive_read_wait: float = setting(
        0.5,
        key="reads.wait",
        help="Seconds that a request above these limits waits before it is rejected.",
        ge=0,
        le=10,
    )
    large_table: int = setting(
        1_000_000,
        key="reads.large_table",
        help="Number of tasks from which counting and filtering count as expensive.",
        ge=0,
    )
    redis_url: SecretStr | None = setting(
        None, help="URL of Redis or Valkey, as redis://host:6379/0 or unix:///path; empty: the server of tms_local."
    )
    redis_timeout: float = setting(
        0.05, help="Timeout of Redis in requests, in seconds; they then continue without it.", gt=0
    )
    jwt_private_key: SecretStr | None = setting(
        None, help=f"Key that signs access tokens, at least {MIN_KEY_LENGTH} characters; required in production."
    )
    access_token_seconds: int = setting(600, help="Lifetime of an access token.", ge=10, le=86400)
    refresh_token_days: int = setting(30, help="Lifetime of an unused session.", ge=1, le=366)
    refresh_grace_seconds: int = setting(
        10, help="Time for which a used refresh token is still accepted, for concurrent tabs.", ge=0, le=60
    )
    sessions_per_user: int = setting(
        100, help="Maximum sessions per user; above it the least recently used one ends.", ge=1, le=1000
    )
    registration: Literal["open", "closed"] = setting("open", help="closed: only administrators create users.")
    smtputf8: bool = setting(
        False, help="Whether the mail server supports SMTPUTF8, which addresses with non-ASCII local parts require."
    )
    visibility: Literal["team", "private"] = setting(
        "team", help="team: users read all tasks; private: only tasks that they created or are assigned to."
    )
    timezone: str = setting("UTC", help="Time zone of due dates and schedules.")
    api_host: str = setting("127.0.0.1", help="Address that tms api listens on.")
    api_port: int = setting(8000, help="Port that tms api listens on.", ge=1, le=65535)
    public_url: str = setting(
        default_factory=lambda others: f"http://localhost:{others['api_port']}",
        help="Base URL of links in mails, and in production of links in responses. Default: localhost and "
        "tms.api_port.",
    )
    api_workers: int = setting(2, help="Processes of tms api.", ge=1, le=64)
    api_threads: int = setting(8, help="Threads in each process of tms api.", ge=1, le=64)
    api_connections: int = setting(
        4096,
        help="Maximum connections per process of tms api; above it the longest idle connection is closed.",
        ge=16,
        le=1_000_000,
    )
    api_header_seconds: float = setting(
        10.0, help="Seconds to receive the head of a request, on new connections too.", gt=0, le=3600
    )
    api_body_seconds: float = setting(
        10.0,
        help="Seconds to receive a body, in addition to the time that tms.api_body_rate allows for its length.",
        gt=0,
        le=3600,
    )
    api_body_rate: int = setting(
        5000, help="Minimum rate of a request body, in bytes per second; slower clients receive 408.", ge=1
    )
    api_send_seconds: float = setting(
        30.0, help="Seconds until the connection of a client that does not read its response is closed.", gt=0, le=3600
    )
    api_keep_alive_seconds: int = setting(
        75, help="Keep-alive timeout, in seconds; must exceed that of a reverse proxy.", ge=1
    )
    worker_processes: int = setting(2, help="Processes of tms worker.", ge=1, le=64)
    unknown_tokens_per_minute: int = setting(
        300, help="Maximum unknown personal tokens per network, minute and process; 0: unlimited.", ge=0
    )
    cors_origins: Words = setting(
        (), help="Origins whose pages may call the API, as https://app.example; * allows any."
    )
    trusted_proxies: Networks = setting(
        (),
        help="Addresses or networks of proxies whose X-Forwarded-For is used for the client's address (and in "
        "development X-Forwarded-Proto, -Host and -Prefix for links in responses); empty: none.",
    )
    body_limit: int = setting(1_048_576, help="Largest request body, in bytes.", ge=1024)
    metrics_token: SecretStr | None = setting(
        None,
        key="metrics.token",
        help="Bearer token for /metrics; if empty, production rejects all clients, development all but loopback.",
    )
    relay_interval: float = setting(
        0.25,
        key="relay.interval",
        help="Polling interval of the relay, in seconds.",
        gt=0,
        le=60,
    )
    log_format: Literal["text", "json"] = setting("text", help="json: one object per line, for log collectors.")
    access_log: bool = setting(
        True, help="Log a line per request to tms api and per connection to tms realtime, with secrets redacted."
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("must be an IANA time zone such as Europe/Berlin") from None
        return value

    @field_validator("public_url")
    @classmethod
    def _is_base_url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        parts = urlsplit(value)
        if not parts.netloc or "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("must be a host, a port and a path at most, as https://tms.example.com")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        try:
            make_url(value.get_secret_value() if value else "postgresql://")
        except (ValueError, ArgumentError):
            raise ValueError("must be an address, as " + EXAMPLES["database_url"]) from None
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        if value and not _is_redis_address(value.get_secret_value()):
            raise ValueError("must be an address, as redis://host:6379/0 or unix:///path?db=0")
        return value

    @model_validator(mode="after")
    def _production_is_safe(self) -> "CoreSettings":
        if self.environment != "production":
            return self
        missing = [
            f"tms.{name} (or TMS_{name.upper()}) must be set in production"
            for name in ("database_url", "redis_url", "jwt_private_key")
            if getattr(self, name) is None
        ]
        if "public_url" not in self.model_fields_set:
            missing.append("tms.public_url (or TMS_PUBLIC_URL) must be set in production, as https://tasks.example.com")
        key = self.jwt_private_key.get_secret_value() if self.jwt_private_key else ""
        if key and _is_weak(key):
            missing.append(
                f"tms.jwt_private_key (or TMS_JWT_PRIVATE_KEY) must be at least {MIN_KEY_LENGTH} random "
                "characters; make one with: openssl rand -hex 32"
            )
        if missing:
            raise ValueError("; ".join(missing))
        return self

    @property
    def database(self) -> str:
        """The PostgreSQL URL; by default that of the embedded server."""
        if self.database_url:
            return self.database_url.get_secret_value().replace("postgres://", "postgresql://", 1)
        return self._embedded_url("database_url")

    @property
    def redis(self) -> str:
        """The Redis URL in the syntax of redis-py; by default that of the embedded server."""
        return self.redis_url.get_secret_value() if self.redis_url else self._embedded_url("redis_url")

    def with_embedded_servers(self, **urls: str) -> Self:
        """Return these settings with the URLs of embedded servers, for `database_url` and `redis_url` that are not
        set."""
        copy = self.model_copy()
        copy._embedded_urls = urls
        return copy

    def missing_servers(self) -> list[str]:
        """Return a message for each server that has no URL, in development; production requires the settings."""
        if self.environment == "production":
            return []
        return [missing_url(name) for name in EXAMPLES if not (getattr(self, name) or name in self._embedded_urls)]

    def _embedded_url(self, name: str) -> str:
        if name not in self._embedded_urls:
            raise ConfigurationError(missing_url(name))
        return self._embedded_urls[name]

    @property
    def jwt_key(self) -> str:
        """The signing key; in development by default a key generated for this state directory."""
        return self.jwt_private_key.get_secret_value() if self.jwt_private_key else own_key(self.state_dir)

    @property
    def local_api_url(self) -> str:
        """The URL of `tms api` for programs on the same machine."""
        return local_url(self.api_host, self.api_port)

    @property
    def access_token_life(self) -> timedelta:
        return timedelta(seconds=self.access_token_seconds)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
