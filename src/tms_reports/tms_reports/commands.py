"""The command `tms report`: the report over all tasks."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click
from rich.columns import Columns
from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from tms_core.commands.invocation import Invocation
from tms_core.csv_safety import write_csv
from tms_core.permissions import OPERATOR
from tms_reports.schemas import Report
from tms_reports.services import create_service
from tms_reports.threads import Progress as OnProgress

MAX_LIST_LENGTH = 10


@click.command()
@click.option("--format", "style", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--threads", type=click.IntRange(1, 32), help="Number of counting threads; default: tms.reports.threads.")
@click.pass_obj
def report(invocation: Invocation, style: str, threads: int | None) -> None:
    """Count all tasks: by priority, status and user, due soon and overdue, all from one snapshot."""
    runtime = invocation.bootstrap()
    service = create_service(runtime)
    try:
        with _progress_bar() as progress:
            found = service.compute(
                OPERATOR,
                threads=threads,
                progress=progress,
                # Nobody waits at a browser.
                statement_timeout=runtime.core.database_statement_timeout,
            )
    finally:
        service.close()
    match style:
        case "json":
            click.echo(found.as_json(indented=True))
        case "csv":
            write_csv(sys.stdout, ("figure", "key", "value"), found.as_rows())
        case _:
            invocation.console.print(_tables(found))


@contextmanager
def _progress_bar() -> Iterator[OnProgress]:
    """Show a transient progress bar on standard error if that is a terminal. Standard output has only the report."""
    columns = (TextColumn("counting"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("counting", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tables(found: Report) -> Group:
    rate = "none yet" if found.completion_rate is None else f"{found.completion_rate:.1%}"
    summary = [
        ("tasks", found.total),
        ("completed", found.completed),
        ("pending", found.pending),
        ("due today or tomorrow", found.tasks_due_soon),
        ("overdue", found.overdue),
        ("assigned to nobody", found.unassigned),
    ]
    tables = [
        _table("Tasks", summary),
        _table("By status", found.tasks_by_status.items()),
        _table("By priority", found.tasks_by_priority.items()),
        _table("Assigned to", _shortened(found.tasks_assigned)),
        _table("Created by", _shortened(found.tasks_created)),
    ]
    footer = (
        f"{rate} completed · up to event {found.as_of_event} · {found.generated_at:%Y-%m-%d %H:%M:%S} UTC · "
        f"{found.elapsed_ms:.0f} ms, {found.threads} thread{'s'[: found.threads > 1]}"
    )
    return Group(Columns(tables), Text(footer, style="dim"))


def _shortened(numbers: dict[str, int]) -> list[tuple[str, int]]:
    """Return the first `MAX_LIST_LENGTH` entries, and the sum of the others as one entry."""
    entries = list(numbers.items())
    if rest := entries[MAX_LIST_LENGTH:]:
        return [*entries[:MAX_LIST_LENGTH], (f"({len(rest)} others)", sum(number for _, number in rest))]
    return entries


def _table(title: str, numbers: Iterable[tuple[str, int]]) -> Table:
    table = Table(title=title, show_header=False, title_justify="left")
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    for name, number in numbers:
        # Text, not markup: a user name may contain brackets.
        table.add_row(Text(name), f"{number:,}")
    return table
