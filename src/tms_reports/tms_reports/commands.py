"""The command `tms report`: the report over all tasks."""

import sys
from collections.abc import Sequence

import click
from rich.bar import Bar
from rich.columns import Columns
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from tms_core.commands.invocation import Invocation, fail
from tms_core.csv_safety import write_csv
from tms_core.errors import InvalidError
from tms_core.permissions import OPERATOR
from tms_core.runtime import Runtime
from tms_reports.counter_commands import progress_bar, rebuild_counters, verify_counters
from tms_reports.schemas import Report
from tms_reports.services import RequestedMode, create_service

MAX_LIST_LENGTH = 10
BAR_WIDTH = 12


@click.command()
@click.option("--format", "style", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option(
    "--mode", type=click.Choice(["auto", "live", "scan"]), default="auto", show_default=True,
    help="live: from the kept counters; scan: by counting the tasks; auto: live where possible.",
)  # fmt: skip
@click.option("--threads", type=click.IntRange(1, 32), help="Count in this many threads; default: by the table's size.")
@click.option("--verify", "what", flag_value="verify", help="Count the tasks and compare the kept counters with them.")
@click.option("--rebuild", "what", flag_value="rebuild", help="Build the kept counters anew; writers need not stop.")
@click.pass_obj
def report(invocation: Invocation, style: str, mode: RequestedMode, threads: int | None, what: str | None) -> None:
    """Count all tasks: by priority, status and user, due soon and overdue, all from one snapshot.

    --verify ends with status 1 if a counter is wrong; then --rebuild mends it.
    """
    runtime = invocation.bootstrap()
    match what:
        case "verify":
            verify_counters(runtime, invocation.console, threads)
        case "rebuild":
            rebuild_counters(runtime, threads)
        case _:
            found = _compute(runtime, mode, threads)
            _print(found, style, invocation.console)


def _compute(runtime: Runtime, mode: RequestedMode, threads: int | None) -> Report:
    service = create_service(runtime)
    try:
        with progress_bar("counting") as progress:
            return service.compute(
                OPERATOR,
                # The number of threads is that of a scan.
                mode="scan" if threads and mode == "auto" else mode,
                threads=threads,
                progress=progress,
                # Nobody waits at a browser.
                statement_timeout=runtime.core.database_statement_timeout,
            )
    except InvalidError as error:
        fail(str(error))
    finally:
        service.close()


def _print(found: Report, style: str, console: Console) -> None:
    match style:
        case "json":
            click.echo(found.as_json(indented=True))
        case "csv":
            write_csv(sys.stdout, ("figure", "key", "value"), found.as_rows())
        case _:
            console.print(_tables(found))


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
        _table("Tasks", summary, found.total),
        _table("By status", [*found.tasks_by_status.items()], found.total),
        _table("By priority", [*found.tasks_by_priority.items()], found.total),
        _table("Assigned to", _shortened(found.tasks_assigned)),
        _table("Created by", _shortened(found.tasks_created)),
    ]
    source = "counters" if found.mode == "live" else f"{found.threads} thread{'s'[: found.threads > 1]}"
    footer = (
        f"{rate} completed · up to event {found.as_of_event} · {found.generated_at:%Y-%m-%d %H:%M:%S} UTC · "
        f"{found.elapsed_ms:.0f} ms, {source}"
    )
    return Group(Columns(tables), Text(footer, style="dim"))


def _shortened(numbers: dict[str, int]) -> list[tuple[str, int]]:
    """Return the first `MAX_LIST_LENGTH` entries, and the sum of the others as one entry."""
    entries = list(numbers.items())
    if rest := entries[MAX_LIST_LENGTH:]:
        return [*entries[:MAX_LIST_LENGTH], (f"({len(rest)} others)", sum(number for _, number in rest))]
    return entries


def _table(title: str, numbers: Sequence[tuple[str, int]], most: int | None = None) -> Table:
    """Return a table with a bar for each number; the longest bar is `most` (default: the largest number)."""
    most = max(most or max((number for _, number in numbers), default=0), 1)
    table = Table(title=title, show_header=False, title_justify="left")
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    table.add_column(width=BAR_WIDTH)
    for name, number in numbers:
        # Text, not markup: a user name may contain brackets.
        table.add_row(Text(name), f"{number:,}", Bar(most, 0, number, width=BAR_WIDTH, color="cyan"))
    return table
