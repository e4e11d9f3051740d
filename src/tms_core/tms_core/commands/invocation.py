"""What every subcommand gets: the ini file, and ways to put a system together from it."""

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from tms_core.errors import ConfigurationError
from tms_core.ini import included_packages

if TYPE_CHECKING:
    from rich.console import Console

    from tms_core.runtime import Runtime


@dataclass
class Invocation:
    """`ini` is the file named by --ini, TMS_INI or, where it lies in the working directory, development.ini."""

    ini: str
    name: str = "tms"

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """The packages that the ini includes; only the core's where there is no such file."""
        return ("tms_core", *included_packages(self.ini))

    def bootstrap(self) -> "Runtime":
        """The runtime of this system; bad settings end the command with a message that names each."""
        if not Path(self.ini).is_file():
            refuse(f"there is no settings file {self.ini}: name one with --ini or TMS_INI")
        # Here, so that `tms --help` loads neither Pyramid nor SQLAlchemy.
        from tms_core.app import bootstrap

        try:
            runtime = bootstrap(self.ini, process=self.name)
        except ConfigurationError as error:
            refuse_settings(self.ini, error)
        # Where an error passes by on its way out, the group tells it in this runtime's words.
        click.get_current_context().meta["tms.runtime"] = runtime
        return runtime

    @property
    def console(self) -> "Console":
        from rich.console import Console

        return Console()


def refuse(message: str) -> NoReturn:
    """End the command: exit status 2, the message on standard error, with click's own prefix for errors."""
    click.echo(f"Error: {message}", err=True)
    sys.exit(2)


def refuse_settings(ini: str, error: ConfigurationError) -> NoReturn:
    """End the command because of settings: a line for each fault."""
    match error.sentences:
        case (only,):
            refuse(only if ini in only else f"{ini}: {only}")
        case many:
            refuse("\n".join([f"{ini}: {len(many)} settings are not right:", *(f"  {one}" for one in many)]))
