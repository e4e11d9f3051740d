"""The click group of subcommands in the entry point group `tms.commands`."""

import os
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import click

from tms_core.commands.invocation import LOCAL_PACKAGE, Invocation, NotIncludedError
from tms_core.commands.summaries import summary_of
from tms_core.errors import ConfigurationError
from tms_core.ini import default_ini, load_env

GROUP = "tms.commands"
# Commands of the local tooling, for a better answer than «No such command» where that is not installed.
LOCAL_COMMANDS = frozenset({"demo-data", "up"})


class NotInstalledError(click.ClickException):
    """The command belongs to the local tooling, which is not installed."""

    exit_code = 2

    def __init__(self, command: str):
        super().__init__(
            f"tms {command} is a command of {LOCAL_PACKAGE}, which is not installed: pip install tms-local (in a "
            f"checkout: pip install '.[local]'), and add {LOCAL_PACKAGE} to pyramid.includes of the settings file"
        )


class Commands(click.Group):
    """Shows the commands of included packages only, and imports only the command that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._found(ctx))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if entry := self._found(ctx).get(name):
            command: click.Command = entry.load()
            return command
        for entry in entry_points(group=GROUP, name=name):
            return self._of_own_ini(ctx, entry)
        if name in LOCAL_COMMANDS:
            raise NotInstalledError(name)
        return None

    def _of_own_ini(self, ctx: click.Context, entry: EntryPoint) -> click.Command:
        """Return the command of a package that is not included if it has an argument INI: it calls
        `Invocation.require` itself."""
        command: click.Command = entry.load()
        if any(parameter.name == "ini" for parameter in command.params):
            return command
        raise NotIncludedError(entry.name, _package(entry), _invocation(ctx).ini)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        found = sorted(self._found(ctx).items())
        limit = formatter.width - 6 - max(len(name) for name, _ in found)
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary_of(entry, limit)) for name, entry in found])

    def _found(self, ctx: click.Context) -> dict[str, EntryPoint]:
        packages = _invocation(ctx).packages
        return {entry.name: entry for entry in entry_points(group=GROUP) if _package(entry) in packages}

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            # Imported here, so that commands that use no database do not import SQLAlchemy.
            from tms_core.commands.failures import explain

            if (failure := explain(error, ctx.meta.get("tms.runtime"))) is None:
                raise
            raise failure from None


def _package(entry: EntryPoint) -> str:
    return entry.module.partition(".")[0]


def _invocation(ctx: click.Context) -> Invocation:
    if ctx.obj is None:
        # The `.env` of the working directory may set TMS_INI; a settings file loads the `.env` beside it.
        try:
            load_env(Path(".env"))
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from None
        ctx.obj = Invocation(ini=ctx.params.get("ini") or default_ini())
    return ctx.obj


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--ini", metavar="FILE", is_eager=True, help="Settings file; default: TMS_INI, else development.ini here."
)
@click.version_option(package_name="tms-core", prog_name="tms")
@click.pass_context
def main(ctx: click.Context, ini: str | None) -> None:
    """Run and administer the task management system.

    `tms up` starts everything on this machine. Packages that the settings file includes add commands.
    """
    invocation = _invocation(ctx)
    invocation.name = ctx.invoked_subcommand or "tms"
    # Child processes use the same settings.
    if ini:
        os.environ["TMS_INI"] = os.path.abspath(ini)
