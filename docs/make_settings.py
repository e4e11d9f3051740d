"""Writes docs/settings.md from the declarations in the code: `make docs`. A test compares the two."""

from pathlib import Path

from tms_core.app import configure, read_ini
from tms_core.settings_base import Declaration

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Settings

Each has a key for the ini file and an environment variable, which wins. An unknown key, a bad value or a misspelled
variable (any `TMS_…` that is none of these; in `.env` also another that is nearly one) stops the start with a message
that names all of them and the nearest right ones. `tms doctor --settings` shows the present values and where they come
from. This page is written by `make docs`.
"""


def page() -> str:
    """The page for all packages of this repository."""
    runtime = configure(read_ini(str(ROOT / "development.ini")), web=False).registry.tms
    parts = [HEAD]
    for group in sorted(runtime.groups, key=lambda group: group.prefix):
        parts.append(f"## {group.__module__.partition('.')[0].replace('_', '-')}\n")
        parts.append("| key | environment | default | what it is |\n|---|---|---|---|")
        parts += [_row(one) for one in group.declarations()]
        parts.append("")
    return "\n".join(parts)


def _row(one: Declaration) -> str:
    default = "" if one.default in (None, ()) else f"`{one.default}`"
    return f"| `{one.key}` | `{one.env}` | {default} | {one.help} |"


if __name__ == "__main__":
    (ROOT / "docs" / "settings.md").write_text(page())
