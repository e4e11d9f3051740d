"""The context object of every subcommand: the ini file, and the runtime configured from it."""

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
    """The context object. `ini` is the file given by --ini or TMS_INI, by default development.ini in the working
    directory."""

    ini: str
    name: str = "tms"

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """The packages that the ini file includes, besides the core; empty if there is no such file."""
        return ("tms_core", *included_packages(self.ini))

    def bootstrap(self) -> "Runtime":
        """Return the runtime; invalid settings end the command with a message for each."""
        if not Path(self.ini).is_file():
            refuse(f"there is no settings file {self.ini}: name one with --ini or TMS_INI")
        # Imported here, so that `tms --help` imports neither Pyramid nor SQLAlchemy.
        from tms_core.app import bootstrap

        try:
            runtime = bootstrap(self.ini, process=self.name)
        except ConfigurationError as error:
            refuse_settings(self.ini, error)
        # The command group uses the runtime to explain errors.
        click.get_current_context().meta["tms.runtime"] = runtime
        return runtime

    @property
    def console(self) -> "Console":
        from rich.console import Console

        return Console()


def refuse(message: str) -> NoReturn:
    """Exit with status 2 and the message on standard error, with click's prefix for errors."""
    click.echo(f"Error: {message}", err=True)
    sys.exit(2)


def refuse_settings(ini: str, error: ConfigurationError) -> NoReturn:
    """Exit because of invalid settings, with a line for each fault."""
    match error.sentences:
        case (only,):
            refuse(only if ini in only else f"{ini}: {only}")
        case many:
            refuse("\n".join([f"{ini}: {len(many)} settings are not right:", *(f"  {sentence}" for sentence in many)]))
