"""`tms report --verify` and `--rebuild`."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from tms_core.runtime import Runtime
from tms_reports.counters.keys import CELLS, Dimension, Key, Scope
from tms_reports.counters.rebuilding import rebuild, verify
from tms_reports.history.rebuild import rebuild_history
from tms_reports.history.verification import verify_history
from tms_reports.scans import Scans
from tms_reports.settings import ReportSettings, keeps_personal_counters
from tms_reports.threads import Progress as OnProgress

MAX_DIFFERENCES = 20
NO_COUNTERS = "no counters are kept: tms.reports.counters is off"


@contextmanager
def progress_bar(what: str) -> Iterator[OnProgress]:
    """Show a transient progress bar on standard error if that is a terminal. Standard output has only the result."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def verify_kept(runtime: Runtime, console: Console, threads: int | None) -> None:
    """Compare the counters with the tasks and the history with the events; exits with status 1 if they differ, or if
    the counters were never built."""
    with _scans(runtime) as scans:
        found = [_verify_counters(runtime, scans, console, threads), _verify_history(scans)]
    if not all(found):
        click.echo("build both anew by: tms report --rebuild")
        sys.exit(1)


def _verify_counters(runtime: Runtime, scans: Scans, console: Console, threads: int | None) -> bool:
    if runtime.settings(ReportSettings).counters == "off":
        click.echo(NO_COUNTERS)
        return True
    began = time.monotonic()
    with progress_bar("comparing") as progress:
        found = verify(scans, threads=_threads(runtime, threads), progress=progress)
    if not found.is_built:
        click.echo("the counters are not complete: start tms relay, which builds them")
        return False
    seconds = time.monotonic() - began
    click.echo(
        f"compared {found.rows:,} rows of {len(CELLS)} counters with the tasks, up to event {found.position:,} "
        f"({found.pending:,} of them not delivered yet), in {seconds:.1f} s: {len(found.differences):,} rows differ"
    )
    if found.differences:
        console.print(_table(found.differences))
    return not found.differences


def _verify_history(scans: Scans) -> bool:
    began = time.monotonic()
    found = verify_history(scans)
    click.echo(
        f"compared {found.changes:,} changes of status and {found.completions:,} completions with the events up to "
        f"{found.position:,}, in {time.monotonic() - began:.1f} s: {found.wrong_changes:,} changes and "
        f"{found.wrong_completions:,} completions differ"
    )
    return found.is_right


def rebuild_kept(runtime: Runtime, threads: int | None) -> None:
    """Build the counters and record the history anew."""
    _rebuild_counters(runtime, threads)
    began = time.monotonic()
    with progress_bar("recording") as progress:
        events = rebuild_history(runtime, progress)
    click.echo(f"recorded the history of {events:,} events, in {time.monotonic() - began:.1f} s")


def _rebuild_counters(runtime: Runtime, threads: int | None) -> None:
    if runtime.settings(ReportSettings).counters == "off":
        click.echo(NO_COUNTERS)
        return
    began = time.monotonic()
    with _scans(runtime) as scans, progress_bar("counting") as progress:
        is_personal = keeps_personal_counters(runtime)
        built = rebuild(runtime, scans, is_personal=is_personal, threads=_threads(runtime, threads), progress=progress)
    seconds = time.monotonic() - began
    click.echo(f"built {built.rows:,} rows of counters, up to event {built.position:,}, in {seconds:.1f} s")


@contextmanager
def _scans(runtime: Runtime) -> Iterator[Scans]:
    scans = Scans.of_main_database(runtime)
    try:
        yield scans
    finally:
        scans.close()


def _threads(runtime: Runtime, threads: int | None) -> int:
    return threads or runtime.settings(ReportSettings).threads


def _table(differences: list[tuple[Key, list[int], list[int]]]) -> Table:
    table = Table("tasks of", "by", "key", "status and priority", "counter", "tasks")
    cells = [
        (key, cell, old, new)
        for key, kept, found in differences
        for cell, old, new in zip(CELLS, kept, found, strict=True)
        if old != new
    ]
    for key, cell, old, new in cells[:MAX_DIFFERENCES]:
        scope, dimension = Scope(key.scope).name.lower(), Dimension(key.dimension).name.lower()
        owner = f"{scope} {key.owner}" if key.owner else scope
        table.add_row(owner, dimension, str(key.key), " ".join(cell), f"{old:,}", f"{new:,}")
    if len(cells) > MAX_DIFFERENCES:
        table.add_row(f"({len(cells) - MAX_DIFFERENCES:,} more)")
    return table
