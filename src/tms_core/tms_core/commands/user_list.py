"""The output formats of `tms user list`."""

import sys
from collections.abc import Iterable

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tms_core.csv_safety import write_csv
from tms_core.models import User
from tms_core.sanitizing import one_line
from tms_core.values import instant

FIELDS = ("id", "username", "email", "is_admin", "is_active", "created_at")


def print_accounts(users: Iterable[User], style: str, console: Console) -> None:
    """Print accounts as a table, as JSON or as CSV."""
    rows = [
        (user.id, user.username, user.email or "", user.is_admin, user.is_active, user.created_at) for user in users
    ]
    match style:
        case "json":
            accounts = [{**dict(zip(FIELDS, row, strict=True)), "created_at": instant(row[-1])} for row in rows]
            click.echo(orjson.dumps(accounts, option=orjson.OPT_INDENT_2).decode())
        case "csv":
            cells = ((*row[:3], _yes(row[3]), _yes(row[4]), instant(row[5])) for row in rows)
            write_csv(sys.stdout, FIELDS, cells)
        case _:
            table = Table("id", "username", "email", "administrator", "active", "since")
            for user_id, username, email, is_admin, is_active, created_at in rows:
                # As plain text, without markup and terminal escapes.
                names = [Text(one_line(name)) for name in (username, email)]
                table.add_row(str(user_id), *names, _yes(is_admin), _yes(is_active), f"{created_at:%Y-%m-%d}")
            console.print(table)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
