"""`tms init`: writes the sample files of the package."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

import click

from tms_core.commands.invocation import LOCAL_PACKAGE
from tms_core.commands.program import tms_program

# File names by their names in the package, where hidden files would be overlooked.
RENAMED = {"env.example": ".env.example"}
# The path in the systemd units that is replaced by the installed one.
INSTALLED = "/opt/tms/bin/tms"
SETTINGS = "/etc/tms"


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def init(directory: Path) -> None:
    """Write sample settings files and systemd units. Existing files are kept."""
    directory = directory.absolute()
    for name, source in _samples(files("tms_core.samples")):
        target = directory / name
        if target.exists():
            click.echo(f"kept   {target}")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_fitted(source.read_text(), directory) if "systemd" in target.parts else source.read_text())
        click.echo(f"wrote  {target}")
    before = "" if find_spec(LOCAL_PACKAGE) else "pip install tms-local, then "
    click.echo(
        f"\nTo look around: {before}{tms_program()} up {directory}/development.ini\n"
        f"To deploy: cp {directory}/.env.example {directory}/.env, fill it in, and go on as docs/deploying.md says"
    )


def _samples(folder: Traversable, within: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _samples(entry, f"{within}{entry.name}/")
        elif entry.is_file() and not entry.name.endswith((".py", ".pyc")):
            yield within + RENAMED.get(entry.name, entry.name), entry


def _fitted(unit: str, directory: Path) -> str:
    """Return a systemd unit with the paths of this installation."""
    return unit.replace(INSTALLED, str(tms_program())).replace(SETTINGS, str(directory))
