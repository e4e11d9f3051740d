"""Reading of settings files and of the `.env` file beside them."""

import os
from configparser import ConfigParser, InterpolationError
from configparser import Error as ConfigParserError
from pathlib import Path

from dotenv import dotenv_values
from plaster import PlasterError
from plaster import get_loader as get_ini_loader

from tms_core.errors import ConfigurationError


def default_ini() -> str:
    """Return the default ini file: TMS_INI, else development.ini in the working directory."""
    return os.environ.get("TMS_INI") or "development.ini"


def read_ini(path: str) -> dict[str, str]:
    """Return the [app:main] settings of an ini file; also loads the `.env` file beside it, which never overrides set
    variables."""
    try:
        Path(path).read_bytes()
        load_env(env_file_of(path))
        return dict(get_ini_loader(path, protocols=["wsgi"]).get_wsgi_app_settings("main"))
    except FileNotFoundError:
        raise ConfigurationError(f"there is no settings file {path}") from None
    except OSError as error:
        raise ConfigurationError(f"the settings file {path} cannot be read: {error.strerror}") from None
    except InterpolationError as error:
        raise ConfigurationError(f"{path}: {error.message.rstrip()} (write a % that stands for itself as %%)") from None
    except (PlasterError, ConfigParserError, LookupError, ValueError) as error:
        raise ConfigurationError(f"{path}: {' '.join(str(error).split())}") from None


def included_packages(path: str) -> tuple[str, ...]:
    """Return the packages in `pyramid.includes`, without loading the application as `read_ini` does."""
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(path)
        section = parser["app:main"]
        names = section.get("pyramid.includes", "")
        if "%(" in names or section.get("use", "").startswith("config:"):
            names = read_ini(path).get("pyramid.includes", "")
    except (ConfigurationError, ConfigParserError, KeyError, OSError, UnicodeDecodeError):
        # The command that runs next reports the error.
        return ()
    return tuple(names.split())


def env_file_of(ini_path: str) -> Path:
    """Return the path of the `.env` file of an ini file."""
    return Path(ini_path).resolve().parent / ".env"


def load_env(path: Path) -> None:
    """Set the variables of a `.env` file that are not set yet; a missing file is ignored."""
    for name, value in env_values(path).items():
        os.environ.setdefault(name, value)


def env_values(path: Path) -> dict[str, str]:
    """Return the variables of a `.env` file."""
    try:
        path.read_text()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigurationError(f"{path} is no UTF-8 text: write lines as NAME=value") from None
    return {name: value for name, value in dotenv_values(path).items() if value is not None}
