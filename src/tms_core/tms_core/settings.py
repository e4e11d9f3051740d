"""The core's settings."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, SecretStr, field_validator, model_validator
from redis.connection import parse_url
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from tms_core.embedded.secret import own_key
from tms_core.embedded.state import addresses
from tms_core.settings_base import SettingsGroup, setting


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
    environment: Literal["development", "production"] = setting(
        "production",
        help="development may run embedded servers and sign with a key of its own making; production needs all named.",
    )
    state_dir: Path = setting(Path("var"), help="Where the embedded servers and development mail keep their files.")
    database_url: SecretStr | None = setting(
        None, help="PostgreSQL, as postgresql://user:password@host/name; empty: the embedded one."
    )
    database_pool_size: int = setting(10, help="Database connections that one process keeps.", ge=1, le=200)
    database_statement_timeout: float = setting(
        30.0, help="Seconds after which the database ends a request's statement.", gt=0
    )
    read_timeout: float = setting(
        5.0,
        key="reads.timeout",
        help="Seconds after which the database ends a statement of a request that only reads; answered by 503.",
        gt=0,
        le=3600,
    )
    expensive_reads: int = setting(
        2,
        key="reads.expensive",
        help="Searches, reports and counts of a large table that one process runs at once; fewer than tms.api_threads.",
        ge=1,
        le=64,
    )
    expensive_reads_per_user: int = setting(
        1, key="reads.expensive_per_user", help="Of these, those of one user in one process.", ge=1, le=64
    )
    expensive_read_wait: float = setting(
        0.5, key="reads.wait", help="Seconds that a further one waits before it is refused.", ge=0, le=10
    )
    large_table: int = setting(
        1_000_000, key="reads.large_table", help="Tasks from which on counting and filtering them is expensive.", ge=0
    )
    redis_url: SecretStr | None = setting(
        None, help="Redis or Valkey, as redis://host:6379/0 or unix:///path; empty: the embedded one."
    )
    redis_timeout: float = setting(0.05, help="Seconds that a request waits for Redis before it goes on without.", gt=0)
    jwt_private_key: SecretStr | None = setting(
        None, help=f"Key that signs access tokens, at least {MIN_KEY_LENGTH} characters; required in production."
    )
    access_token_seconds: int = setting(600, help="Life of an access token.", ge=10, le=86400)
    refresh_token_days: int = setting(30, help="Life of an unused login.", ge=1, le=366)
    refresh_grace_seconds: int = setting(
        10, help="How long a refresh token that was just used still answers (two tabs).", ge=0, le=60
    )
    sessions_per_user: int = setting(
        100, help="Sessions that one user may have at once; beyond it the one not used for longest ends.", ge=1, le=1000
    )
    registration: Literal["open", "closed"] = setting("open", help="closed: only an administrator creates users.")
    smtputf8: bool = setting(
        False, help="Whether the mail server offers SMTPUTF8, which addresses with other than ASCII before the @ need."
    )
    visibility: Literal["team", "private"] = setting(
        "team", help="team: everyone reads all tasks; private: only those one created or is assigned to."
    )
    timezone: str = setting("UTC", help="The deployment's time zone: what «today» and 10:00 mean.")
    api_host: str = setting("127.0.0.1", help="Address that tms api listens on.")
    api_port: int = setting(8000, help="Port that tms api listens on.", ge=1, le=65535)
    public_url: str = setting(
        default_factory=lambda others: f"http://localhost:{others['api_port']}",
        help="Where users reach the deployment: mails link to it, and in production all links in answers begin with "
        "it. Development: localhost and tms.api_port.",
    )
    api_workers: int = setting(2, help="Processes of tms api.", ge=1, le=64)
    api_threads: int = setting(4, help="Threads in each process of tms api.", ge=1, le=64)
    api_connections: int = setting(
        4096,
        help="Connections of each process of tms api; with more, the one that is idle for longest is ended.",
        ge=16,
        le=1_000_000,
    )
    api_header_seconds: float = setting(
        10.0, help="Seconds in which the head of a request must come, on a new connection too.", gt=0, le=3600
    )
    api_body_seconds: float = setting(
        10.0,
        help="Seconds in which a body must come, besides what tms.api_body_rate allows for its length.",
        gt=0,
        le=3600,
    )
    api_body_rate: int = setting(
        5000, help="Bytes of a body that a client must send a second; with fewer it is ended with 408.", ge=1
    )
    api_send_seconds: float = setting(
        30.0, help="Seconds after which a client that takes nothing of its response is ended.", gt=0, le=3600
    )
    api_keep_alive_seconds: int = setting(
        75, help="Seconds that a connection may be idle between requests; more than a proxy before it keeps it.", ge=1
    )
    worker_processes: int = setting(2, help="Processes of tms worker.", ge=1, le=64)
    unknown_tokens_per_minute: int = setting(
        300, help="Unknown personal tokens that one network may try in each process; 0: as many as it likes.", ge=0
    )
    cors_origins: Words = setting(
        (), help="Origins whose pages may call the API, as https://app.example; * allows any."
    )
    trusted_proxies: Networks = setting(
        (),
        help="Addresses or networks of proxies whose X-Forwarded-For tells the client's address (and in development "
        "X-Forwarded-Proto, -Host and -Prefix the links in answers); empty: none.",
    )
    body_limit: int = setting(1_048_576, help="Largest request body, in bytes.", ge=1024)
    metrics_token: SecretStr | None = setting(
        None,
        key="metrics.token",
        help="Bearer token for /metrics; without it, production refuses all, development all but loopback.",
    )
    relay_interval: float = setting(
        0.25, key="relay.interval", help="Seconds between the relay's looks when no hint comes.", gt=0, le=60
    )
    log_format: Literal["text", "json"] = setting("text", help="json: one object a line, for log collectors.")
    access_log: bool = setting(
        True, help="Log a line for each request to tms api and each connection to tms realtime, secrets taken out."
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
            raise ValueError("must be an address, as postgresql://user:password@host:5432/name") from None
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
        return addresses(self.state_dir)[0]

    @property
    def redis(self) -> str:
        """The Redis URL in the syntax of redis-py; by default that of the embedded server."""
        return self.redis_url.get_secret_value() if self.redis_url else addresses(self.state_dir)[1]

    @property
    def jwt_key(self) -> str:
        """The signing key; in development by default a key generated for this state directory."""
        return self.jwt_private_key.get_secret_value() if self.jwt_private_key else own_key(self.state_dir)

    @property
    def access_token_life(self) -> timedelta:
        return timedelta(seconds=self.access_token_seconds)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)
