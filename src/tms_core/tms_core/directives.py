"""Configurator directives for the `includeme(config)` of packages.

Dotted names are resolved only in the process that needs the object, so that the reactor process does not import
Celery, nor the relay Cornice.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from tms_core.error_codes import codes_in
from tms_core.errors import ConfigurationError
from tms_core.registry import BannerLine, BeatEntry, ProcessEntry, Registry, WebOption
from tms_core.runtime import Runtime
from tms_core.settings import CoreSettings
from tms_core.settings_base import SettingsGroup


def _runtime(config) -> Runtime:
    return config.registry.tms


def _registry(config) -> Registry:
    return _runtime(config).registry


def _register(entries: dict[str, Any], what: str, name: str, value: Any) -> None:
    if name in entries:
        raise ConfigurationError(f"two packages register the {what} {name!r}")
    entries[name] = value


def add_tms_settings(config, group: type[SettingsGroup]) -> None:
    """Read the package's settings; afterwards `runtime.settings(group)` returns them."""
    runtime = _runtime(config)
    try:
        runtime.groups[group] = group.read(runtime.ini)
    except ConfigurationError as error:
        # Start-up continues with placeholders, to report the errors of all packages at once.
        runtime.registry.errors += error.sentences
        runtime.groups[group] = group.placeholder()


def use_embedded_servers(config, *, database_url: str, redis_url: str) -> None:
    """Use these servers where `tms.database_url` or `tms.redis_url` is not set."""
    runtime = _runtime(config)
    runtime.groups[CoreSettings] = runtime.core.with_embedded_servers(database_url=database_url, redis_url=redis_url)


def add_event_sink(config, name: str, sink: str) -> None:
    """Register an `EventSink` («package.module:Class») that receives every event from the relay under its own
    cursor."""
    _register(_registry(config).sinks, "event sink", name, sink)


def add_task_module(config, module: str) -> None:
    """Register a module with tasks for the Celery worker to import."""
    _registry(config).task_modules.append(module)


def add_beat_entry(config, name: str, *, task: str, schedule: Callable[[Runtime], Any]) -> None:
    """Register a periodic Celery task; `schedule` is called with the runtime and returns a Celery schedule."""
    _register(_registry(config).beat_entries, "beat entry", name, BeatEntry(name, task, schedule))


def add_process(
    config,
    name: str,
    argv: Sequence[str],
    *,
    port: Callable[[Runtime], int] | None = None,
    listens: Callable[[Runtime], Sequence[tuple[str, str, int]]] | None = None,
    label: str = "",
    url: Callable[[Runtime], str] | None = None,
) -> None:
    """Register a process «tms ARGV» of `tms up`. `port` returns the port whose opening means that the process is
    ready; `listens` returns every port that must be free, as (setting, host, port). The banner of `tms up` shows its
    `url`, else its port, under `label`."""
    if listens is None:
        listens = (
            (lambda runtime: [(f"the port of {name}", "127.0.0.1", port(runtime))]) if port else lambda runtime: ()
        )
    _register(_registry(config).processes, "process", name, ProcessEntry(name, tuple(argv), port, listens))
    if url:
        add_banner_line(config, label or name, url)
    elif port:
        add_banner_line(config, label or name, lambda runtime: f"port {port(runtime)}")


def add_banner_line(config, name: str, line: BannerLine) -> None:
    """Add a line to the banner of `tms up`: `line` («package.module:function») takes the runtime and returns the text
    after the name, such as an address; None for no line."""
    _register(_registry(config).banner_lines, "banner line", name, line)


def add_banner_steps(config, steps: str) -> None:
    """Add next steps to the banner of `tms up`: a callable («package.module:function») that takes the runtime and the
    user name and password of a demo user (None without one), and returns command lines."""
    _registry(config).banner_steps.append(steps)


def add_migrations(config, label: str, location: str) -> None:
    """Register an Alembic branch by its label and its location («package:migrations/versions»)."""
    _register(_registry(config).migrations, "migration branch", label, location)


def add_readiness_check(config, name: str, check: str, *, is_optional: bool = False) -> None:
    """Add a check to /api/ready: a callable («package.module:function») that takes the runtime and raises if not
    ready. A failing optional check makes the status «degraded»."""
    _register(_registry(config).readiness, "readiness check", name, check)
    if is_optional:
        _registry(config).optional_checks.add(name)


def add_index_link(config, name: str, path: str) -> None:
    """Add a link to the index at /api, such as «docs» at «/api/docs»."""
    _register(_registry(config).index_links, "index link", name, path)


def add_doctor_check(config, name: str, check: str) -> None:
    """Add a check to `tms doctor`: a callable («package.module:function») that takes the runtime and yields
    `Finding`s."""
    _register(_registry(config).doctor_checks, "doctor check", name, check)


def add_metrics(config, name: str, collect: str) -> None:
    """Add metrics to /metrics: a callable («package.module:function») that takes the runtime and yields metrics at each
    scrape."""
    _register(_registry(config).metrics, "metrics", name, collect)


def add_bulk_load_listener(config, name: str, listener: str) -> None:
    """Register a `tms_core.bulk_loads.BulkLoadListener` («package.module:Class») for tasks that are loaded without
    events, which sinks do not receive."""
    _register(_registry(config).bulk_load_listeners, "bulk load listener", name, listener)


def add_token_scope(config, scope: str, *routes: str) -> None:
    """Allow routes («GET /api/task/{id}») to personal API tokens with a scope, such as «tasks:read». Routes without a
    scope reject personal tokens."""
    for route in routes:
        _register(_registry(config).scopes, "token scope of", route, scope)


def add_account_mailer(config, mailer: str) -> None:
    """Register the `AccountMailer` («package.module:Class») that sends account links and notices."""
    if _registry(config).account_mailer:
        raise ConfigurationError("two packages want to send the mails about accounts")
    _registry(config).account_mailer = mailer


def add_document_mailer(config, mailer: str) -> None:
    """Register the `DocumentMailer` («package.module:Class») that mails documents, such as scheduled reports."""
    if _registry(config).document_mailer:
        raise ConfigurationError("two packages want to mail documents")
    _registry(config).document_mailer = mailer


def add_sign_in(config, sign_in: str) -> None:
    """Register the `tms_core.web.sign_in.SignIn` («package.module:Class») that begins sessions under its limits."""
    if _registry(config).sign_in:
        raise ConfigurationError("two packages want to sign users in")
    _registry(config).sign_in = sign_in


def add_idempotency(config, execute_once: str) -> None:
    """Register the function («package.module:function») that executes a request once per Idempotency-Key: it takes the
    request, the key and a callable that returns the response, which it calls or not."""
    if _registry(config).idempotency:
        raise ConfigurationError("two packages want to store Idempotency-Keys")
    _registry(config).idempotency = execute_once


def add_link_url(config, purpose: str, url: str) -> None:
    """Register the URL of mailed links of a `LinkPurpose`: a callable («package.module:function») that takes the
    runtime and returns a URL with `tms_core.account_mail.TOKEN` in place of the token."""
    _register(_registry(config).link_urls, "URL of mailed links for", purpose, url)


def add_link_page(config, purpose: str, path: str) -> None:
    """Register the page that mailed links of a `LinkPurpose` open by default: a path of this site, such as
    «/reset-password». The page finds the token in the fragment, as «#token=…»."""
    _register(_registry(config).link_pages, "page of mailed links for", purpose, path)


def include_web(config, module: str) -> None:
    """Include a module (resources, views) in the process that serves HTTP only, after the registrations of all
    packages."""
    _registry(config).web_modules.append(lambda: config.include(module))


def include_web_last(config, module: str) -> None:
    """Include a module as `include_web` does, but after the modules of all packages, so that its routes match only
    paths that no other route matches."""
    _registry(config).last_web_modules.append(lambda: config.include(module))


def add_error_codes(config, module: str) -> None:
    """Register the `ErrorCode`s that a module («package.error_codes») defines, for the documentation. Two packages must
    not register the same code."""
    for code in codes_in(import_module(module)):
        _register(_registry(config).error_codes, "error code", code.name, code)


def add_web_module(config, folder: str) -> None:
    """Register the package's part of the web UI: a folder («package:folder») with a `manifest.json` that names its
    entry, an ES module. Without a package that serves a web UI, nothing happens."""
    _register(_registry(config).frontends, "web module of", folder.partition(":")[0], folder)


def add_web_option(config, name: str, value: str, *, is_connected: bool = False) -> None:
    """Add a value to the configuration that the page of the web UI holds: a callable («package.module:function») that
    takes the request and returns a JSON value. `is_connected` allows the page's scripts to connect to it, a URL."""
    _register(_registry(config).web_options, "web option", name, WebOption(value, is_connected))


DIRECTIVES = (
    add_tms_settings,
    use_embedded_servers,
    add_event_sink,
    add_task_module,
    add_beat_entry,
    add_process,
    add_banner_line,
    add_banner_steps,
    add_migrations,
    add_readiness_check,
    add_index_link,
    add_doctor_check,
    add_metrics,
    add_bulk_load_listener,
    add_token_scope,
    add_account_mailer,
    add_document_mailer,
    add_sign_in,
    add_idempotency,
    add_link_url,
    add_link_page,
    include_web,
    include_web_last,
    add_error_codes,
    add_web_module,
    add_web_option,
)


def includeme(config):
    for directive in DIRECTIVES:
        config.add_directive(directive.__name__, directive, action_wrap=False)
