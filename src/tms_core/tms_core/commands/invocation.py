"""The context object of every subcommand: the ini file, and the runtime configured from it."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from tms_core.errors import ConfigurationError
from tms_core.ini import included_packages

if TYPE_CHECKING:
    from rich.console import Console

    from tms_core.runtime import Runtime

# The package of `tms up`. Without a settings file its commands are available too, since `tms up` is how one begins.
LOCAL_PACKAGE = "tms_local"


class NotIncludedError(click.ClickException):
    """The command belongs to a package that the settings file does not include."""

    exit_code = 2

    def __init__(self, command: str, package: str, ini: str):
        what = f"{ini} does not include {package}" if os.path.isfile(ini) else f"there is no settings file {ini}"
        remedy = "name a file with --ini or TMS_INI"
        if package == LOCAL_PACKAGE:
            remedy = f"add {package} to its pyramid.includes, or name a file that has it"
        super().__init__(f"tms {command} is a command of {package}, and {what}: {remedy}")


@dataclass
class Invocation:
    """The context object. `ini` is the file given by --ini or TMS_INI, by default development.ini in the working
    directory."""

    ini: str
    name: str = "tms"

    @property
    def packages(self) -> tuple[str, ...]:
        """The core and the packages that the ini file includes; without such a file, the local tooling."""
        included = included_packages(self.ini) if os.path.isfile(self.ini) else (LOCAL_PACKAGE,)
        return ("tms_core", *included)

    def require(self, package: str) -> None:
        """Raise `NotIncludedError` if the settings file does not include the command's package."""
        if package not in self.packages:
            raise NotIncludedError(self.name, package, self.ini)

    def bootstrap(self) -> "Runtime":
        """Return the runtime; invalid settings end the command with a message for each."""
        if not Path(self.ini).is_file():
            fail(f"there is no settings file {self.ini}: name one with --ini or TMS_INI")
        # Imported here, so that `tms --help` imports neither Pyramid nor SQLAlchemy.
        from tms_core.app import bootstrap

        try:
            runtime = bootstrap(self.ini, process=self.name)
        except ConfigurationError as error:
            fail_for_settings(self.ini, error)
        # The command group uses the runtime to explain errors.
        click.get_current_context().meta["tms.runtime"] = runtime
        return runtime

    @property
    def console(self) -> "Console":
        from rich.console import Console

        return Console()


def fail(message: str) -> NoReturn:
    """Exit with status 2 and the message on standard error, with click's prefix for errors."""
    click.echo(f"Error: {message}", err=True)
    sys.exit(2)


def fail_for_settings(ini: str, error: ConfigurationError) -> NoReturn:
    """Exit because of invalid settings, with a line for each error."""
    match error.sentences:
        case (only,):
            fail(only if ini in only else f"{ini}: {only}")
        case many:
            fail("\n".join([f"{ini}: {len(many)} settings are not right:", *(f"  {sentence}" for sentence in many)]))
