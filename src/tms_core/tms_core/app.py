"""Application set-up from an ini file: the WSGI application, and the runtime of every other process."""

import logging
import os
import re
from importlib import import_module
from typing import Any, NoReturn

from pyramid.config import Configurator
from pyramid.settings import aslist

from tms_core.errors import ConfigurationError
from tms_core.ini import default_ini, env_file_of, env_values, load_env, read_ini
from tms_core.logs import configure_logs
from tms_core.registry import Registry
from tms_core.runtime import Runtime
from tms_core.settings_base import reject_unknown
from tms_core.variables import unknown_variables

__all__ = ["bootstrap", "configure", "default_ini", "main", "read_ini", "serve_ini"]

MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def configure(ini: dict[str, str], *, web: bool, ini_path: str | None = None) -> Configurator:
    """Include the core and every package that `pyramid.includes` names.

    Raises `ConfigurationError` with every error of every package's settings, unknown keys and misspelled variables.
    """
    packages = tuple(aslist(ini.get("pyramid.includes", "")))
    config = Configurator(settings={key: value for key, value in ini.items() if key != "pyramid.includes"})
    registry = Registry(packages=("tms_core", *packages))
    config.registry.tms = Runtime(ini=ini, ini_path=ini_path, is_web=web, registry=registry)
    config.include("tms_core")
    for package in packages:
        _include(config, package)
    # Last, so that a package's own / precedes the core's: Pyramid uses the first route that matches.
    config.include_web_last("tms_core.web.home")
    runtime = config.registry.tms
    errors = [*registry.errors, *runtime.core.missing_servers(), *_misspelled(runtime, packages)]
    if errors:
        raise ConfigurationError(*errors)
    if runtime.is_web:
        for include in (*registry.web_modules, *registry.last_web_modules):
            include()
    config.commit()
    return config


def _include(config: Configurator, package: str) -> None:
    errors: list[str] = config.registry.tms.registry.errors
    if not MODULE.fullmatch(package):
        errors.append(f"pyramid.includes names {package}, which is no name of a package: write it as tms_api")
        return
    try:
        module = import_module(package)
    except ModuleNotFoundError as error:
        if not f"{package}.".startswith(f"{error.name}."):
            raise
        errors.append(f"pyramid.includes names {package}, which is not installed: pip install it, or take the line out")
        return
    if not hasattr(module, "includeme"):
        errors.append(f"pyramid.includes names {package}, which is no package for TMS: take the line out")
        return
    config.include(package)


def _misspelled(runtime: Runtime, packages: tuple[str, ...]) -> list[str]:
    sentences: list[str] = []
    try:
        reject_unknown(runtime.ini, runtime.groups, packages)
    except ConfigurationError as error:
        sentences += error.sentences
    beside = env_values(env_file_of(runtime.ini_path)) if runtime.ini_path else {}
    return sentences + unknown_variables(os.environ, beside, runtime.groups, packages)


def bootstrap(ini_path: str, *, process: str = "tms") -> Runtime:
    """Return the runtime of a process that serves no HTTP (relay, worker, realtime, commands)."""
    runtime: Runtime = configure(read_ini(ini_path), web=False, ini_path=ini_path).registry.tms
    configure_logs(runtime.core.log_format, process)
    return runtime


def main(global_config: dict[str, str], **settings: Any):
    """The Paste application factory (`use = egg:tms-core`): the WSGI application."""
    ini_path = global_config.get("__file__")
    try:
        if ini_path:
            load_env(env_file_of(ini_path))
        config = configure(settings, web=True, ini_path=ini_path)
    except ConfigurationError as error:
        exit_for(error, ini_path or "settings")
    # If the ini has [loggers], pserve has configured logging already.
    if not logging.getLogger().handlers:
        configure_logs(config.registry.tms.core.log_format, "api")
    return config.make_wsgi_app()


def serve_ini(path: str):
    """Return the WSGI application of an ini file, for servers that take an application factory."""
    try:
        config = configure(read_ini(path), web=True, ini_path=path)
    except ConfigurationError as error:
        exit_for(error, path)
    configure_logs(config.registry.tms.core.log_format, "api")
    return config.make_wsgi_app()


def exit_for(error: ConfigurationError, where: str) -> NoReturn:
    """Exit a process that was not started by `tms` (but by pserve, gunicorn or celery): prints the errors, without a
    traceback."""
    raise SystemExit(f"Error: {error}" if where in str(error) else f"Error: {where}: {error}") from None
