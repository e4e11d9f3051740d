"""Putting a system together from an ini file: the WSGI application, and the runtime of every other process."""

import logging
import os
from configparser import Error as ConfigParserError
from configparser import InterpolationError
from pathlib import Path
from typing import Any

from dotenv import load_dotenv
from plaster import PlasterError
from plaster import get_loader as get_ini_loader
from pyramid.config import Configurator
from pyramid.settings import aslist

from tms_core.configuration import refuse_unknown
from tms_core.errors import ConfigurationError
from tms_core.logs import configure_logs
from tms_core.runtime import Runtime


def default_ini() -> str:
    """The ini file of a process that was given none: TMS_INI, else development.ini in the working directory."""
    return os.environ.get("TMS_INI") or "development.ini"


def read_ini(path: str) -> dict[str, str]:
    """The [app:main] settings of an ini file; also loads `.env` beside it, which never overrides what is set."""
    if not Path(path).is_file():
        raise ConfigurationError(f"there is no settings file {path}")
    load_dotenv(Path(path).resolve().parent / ".env", override=False)
    try:
        return dict(get_ini_loader(path, protocols=["wsgi"]).get_wsgi_app_settings("main"))
    except InterpolationError as error:
        raise ConfigurationError(f"{path}: {error.message.rstrip()} (write a % that stands for itself as %%)") from None
    except (PlasterError, ConfigParserError, LookupError, ValueError) as error:
        raise ConfigurationError(f"{path}: {error}") from None


def configure(ini: dict[str, str], *, web: bool, ini_path: str | None = None) -> Configurator:
    """Include the core and every package that `pyramid.includes` names; refuses unknown settings."""
    packages = tuple(aslist(ini.get("pyramid.includes", "")))
    config = Configurator(settings={key: value for key, value in ini.items() if key != "pyramid.includes"})
    config.registry.tms = Runtime(ini=ini, ini_path=ini_path, is_web=web, packages=("tms_core", *packages))
    config.include("tms_core")
    for package in packages:
        try:
            config.include(package)
        except ModuleNotFoundError as error:
            if error.name != package.partition(".")[0]:
                raise
            raise ConfigurationError(
                f"pyramid.includes names {package}, which is not installed: pip install it, or take the line out"
            ) from None
    # Last, so that a package's own / comes before the core's: Pyramid takes the first route that matches.
    config.include_web("tms_core.web.home")
    refuse_unknown(ini, config.registry.tms.groups, packages)
    config.commit()
    return config


def bootstrap(ini_path: str, *, process: str = "tms") -> Runtime:
    """The runtime of a process that serves no HTTP (relay, worker, realtime, commands)."""
    runtime: Runtime = configure(read_ini(ini_path), web=False, ini_path=ini_path).registry.tms
    configure_logs(runtime.core.log_format, process)
    return runtime


def main(global_config: dict[str, str], **settings: Any):
    """The Paste application factory (`use = egg:tms-core`): the WSGI application."""
    ini_path = global_config.get("__file__")
    if ini_path:
        load_dotenv(Path(ini_path).resolve().parent / ".env", override=False)
    config = configure(settings, web=True, ini_path=ini_path)
    # Where the ini has [loggers], pserve has set logging up by it.
    if not logging.getLogger().handlers:
        configure_logs(config.registry.tms.core.log_format, "api")
    return config.make_wsgi_app()
