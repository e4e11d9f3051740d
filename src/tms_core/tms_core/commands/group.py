"""The click group that finds subcommands by the entry point group `tms.commands`."""

import os
from importlib.metadata import EntryPoint, entry_points

import click
from dotenv import load_dotenv
from sqlalchemy.exc import OperationalError

from tms_core.app import default_ini
from tms_core.commands.invocation import Invocation, database_is_away
from tms_core.errors import TmsError

GROUP = "tms.commands"


class Commands(click.Group):
    """Shows a package's commands only where the ini includes the package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._found(ctx))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        entry = self._found(ctx).get(name)
        return entry.load() if entry else None

    def _found(self, ctx: click.Context) -> dict[str, EntryPoint]:
        packages = _invocation(ctx).packages
        return {entry.name: entry for entry in entry_points(group=GROUP) if entry.module.partition(".")[0] in packages}

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except OperationalError as error:
            if (runtime := ctx.meta.get("tms.runtime")) is None:
                raise
            database_is_away(runtime, error)
        except TmsError as error:
            raise click.ClickException(str(error)) from None


def _invocation(ctx: click.Context) -> Invocation:
    if ctx.obj is None:
        # The one in the working directory may say TMS_INI; a settings file brings its own beside it.
        load_dotenv(".env", override=False)
        ctx.obj = Invocation(ini=ctx.params.get("ini") or default_ini())
    return ctx.obj


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--ini", metavar="FILE", is_eager=True, help="Settings file; default: TMS_INI, else development.ini here."
)
@click.version_option(package_name="tms-core", prog_name="tms")
@click.pass_context
def main(ctx: click.Context, ini: str | None) -> None:
    """The task management system: run it, look after it.

    `tms up` starts everything on this machine. Packages that the settings file includes add commands.
    """
    invocation = _invocation(ctx)
    invocation.name = ctx.invoked_subcommand or "tms"
    # Processes that a command starts find the same settings.
    if ini:
        os.environ["TMS_INI"] = os.path.abspath(ini)
