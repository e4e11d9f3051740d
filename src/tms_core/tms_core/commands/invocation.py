"""What every subcommand gets: the ini file, and ways to put a system together from it."""

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import click
from pyramid.settings import aslist
from rich.console import Console
from sqlalchemy.exc import OperationalError

from tms_core.app import bootstrap, read_ini
from tms_core.errors import ConfigurationError
from tms_core.runtime import Runtime


@dataclass
class Invocation:
    """`ini` is the file named by --ini, TMS_INI or, where it lies in the working directory, development.ini."""

    ini: str
    name: str = "tms"

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """The packages that the ini includes; only the core's where there is no such file."""
        if not Path(self.ini).is_file():
            return ("tms_core",)
        try:
            return ("tms_core", *aslist(read_ini(self.ini).get("pyramid.includes", "")))
        except ConfigurationError:
            return ("tms_core",)

    def bootstrap(self) -> Runtime:
        """The runtime of this system; a bad setting ends the command with a message that names it."""
        if not Path(self.ini).is_file():
            refuse(f"there is no settings file {self.ini}: name one with --ini or TMS_INI")
        try:
            runtime = bootstrap(self.ini, process=self.name)
            # Where an error passes by on its way out, the group tells it in this runtime's words.
            click.get_current_context().meta["tms.runtime"] = runtime
            return runtime
        except ConfigurationError as error:
            refuse(f"{self.ini}: {error}")

    @property
    def console(self) -> Console:
        return Console()


def refuse(message: str) -> NoReturn:
    """End the command: exit status 2, the message on standard error, with click's own prefix for errors."""
    click.echo(f"Error: {message}", err=True)
    sys.exit(2)


def database_is_away(runtime: Runtime, error: OperationalError) -> NoReturn:
    """End the command because PostgreSQL does not answer."""
    first = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
    where = runtime.engine.url.render_as_string(hide_password=True)
    hint = " Is `tms up` running?" if runtime.core.database_url is None else ""
    click.echo(f"Error: the database does not answer at {where}: {first}.{hint}", err=True)
    sys.exit(1)
