"""The registrations of the packages, made by the directives of `tms_core.directives`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from tms_core.error_codes import ErrorCode

# The callables below take the `Runtime`, which is built on this module; the directives declare their exact types.
OfRuntime = Callable[[Any], Any]
# «package.module:function», or a function, that returns the text of a line of the banner; None for no line.
BannerLine = str | Callable[[Any], str | None]


@dataclass(frozen=True, slots=True)
class BeatEntry:
    """A periodic Celery task; `schedule` computes its schedule from the runtime, and thus from settings."""

    name: str
    task: str
    schedule: OfRuntime


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """A package's process of `tms up`: the arguments of `tms`, and its port, if any.

    `listens` returns every port that the process listens on, as (setting, host, port).
    """

    name: str
    argv: tuple[str, ...]
    port: Callable[[Any], int] | None = None
    listens: Callable[[Any], Sequence[tuple[str, str, int]]] = lambda runtime: ()


@dataclass(frozen=True, slots=True)
class WebOption:
    """A value in the configuration of the web UI; `value` («package.module:function») takes the request.

    `is_connected`: the value is a URL that the UI's scripts connect to.
    """

    value: str
    is_connected: bool = False


@dataclass
class Registry:
    """Filled by directives while packages are included; read-only afterwards. Objects are registered by dotted name."""

    packages: tuple[str, ...] = ()
    sinks: dict[str, str] = field(default_factory=dict)
    task_modules: list[str] = field(default_factory=list)
    beat_entries: dict[str, BeatEntry] = field(default_factory=dict)
    processes: dict[str, ProcessEntry] = field(default_factory=dict)
    banner_lines: dict[str, BannerLine] = field(default_factory=dict)
    banner_steps: list[str] = field(default_factory=list)
    migrations: dict[str, str] = field(default_factory=dict)
    readiness: dict[str, str] = field(default_factory=dict)
    optional_checks: set[str] = field(default_factory=set)
    index_links: dict[str, str] = field(default_factory=dict)
    doctor_checks: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    bulk_load_listeners: dict[str, str] = field(default_factory=dict)
    scopes: dict[str, str] = field(default_factory=dict)
    account_mailer: str | None = None
    document_mailer: str | None = None
    sign_in: str | None = None
    idempotency: str | None = None
    link_urls: dict[str, str] = field(default_factory=dict)
    # Paths of pages by purpose.
    link_pages: dict[str, str] = field(default_factory=dict)
    error_codes: dict[str, ErrorCode] = field(default_factory=dict)
    # Folders of built ES modules by package.
    frontends: dict[str, str] = field(default_factory=dict)
    web_options: dict[str, WebOption] = field(default_factory=dict)
    # Include resources and views, in the process that serves HTTP only.
    web_modules: list[Callable[[], None]] = field(default_factory=list)
    # Included after these: modules with routes for the paths that no other route matches.
    last_web_modules: list[Callable[[], None]] = field(default_factory=list)
    # Why the process cannot start, from all packages.
    errors: list[str] = field(default_factory=list)


def resolve(dotted: str) -> Any:
    """Import and return the object «package.module:name»."""
    module, _, name = dotted.partition(":")
    return getattr(import_module(module), name)
