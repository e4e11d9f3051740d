"""The command `tms report`: the reports over all tasks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import IO, Any, get_args

import click
import orjson
from rich.columns import Columns
from rich.console import Group
from rich.text import Text

from tms_core.commands.invocation import Invocation, fail
from tms_core.errors import FieldError, InvalidError
from tms_core.permissions import OPERATOR
from tms_core.runtime import Runtime
from tms_core.services.task_filter import NAMES
from tms_reports.filter_options import read_filter_options
from tms_reports.maintenance_commands import progress_bar, rebuild_kept, verify_kept
from tms_reports.rendering.csv import BYTE_ORDER_MARK
from tms_reports.rendering.documents import document_of
from tms_reports.rendering.formats import Format, render
from tms_reports.rendering.terminal import bar_table, text_of
from tms_reports.request_schemas import ReportName
from tms_reports.requests import INSIGHT, ReportRequest
from tms_reports.schemas import Report
from tms_reports.series.cycle_time import By
from tms_reports.series.trend import MAX_DAYS
from tms_reports.services import RequestedMode, create_service

MAX_LIST_LENGTH = 10
DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option(
    "--report", "name", type=click.Choice(get_args(ReportName)), default=INSIGHT, show_default=True,
    help="insight: counts by priority, status and user.",
)  # fmt: skip
@click.option(
    "--format", "style", type=click.Choice(["table", "json", "csv", "html"]), default="table", show_default=True,
    help="html: one page with charts.",
)  # fmt: skip
@click.option("--output", type=click.File("wb", atomic=True), help="File for json, csv or html; default: stdout.")
@click.option(
    "--filter", "filters", multiple=True, metavar="NAME=VALUE",
    help="Only some tasks, by a filter of the task list, such as status=PENDING,IN_PROGRESS or assigned_to=bob; may be "
    "repeated.",
)  # fmt: skip
@click.option("--days", type=click.IntRange(1, MAX_DAYS), help="Days until today, of trend and cycle-time.")
@click.option("--by", type=click.Choice(get_args(By)), help="Groups of cycle-time; default: priority.")
@click.option("--from", "first", type=DAY, help="First day of burndown; default: 30 days ago.")
@click.option("--to", "last", type=DAY, help="Last day of burndown; default: today.")
@click.option("--limit", type=click.IntRange(1), help="Number of assignees of workload; the others are summed up.")
@click.option(
    "--mode", type=click.Choice(["auto", "live", "scan"]), default="auto", show_default=True,
    help="Of insight; live: from the kept counters; scan: by counting the tasks; auto: live where possible.",
)  # fmt: skip
@click.option(
    "--threads", type=click.IntRange(1, 32), help="Of insight: counting threads; default: by the table's size."
)  # fmt: skip
@click.option(
    "--verify", "what", flag_value="verify", help="Compare counters and history with tasks and events."
)  # fmt: skip
@click.option(
    "--rebuild", "what", flag_value="rebuild", help="Build the counters and the history anew; writers need not stop."
)  # fmt: skip
@click.pass_obj
def report(
    invocation: Invocation,
    /,
    name: ReportName,
    style: str,
    output: IO[bytes] | None,
    filters: tuple[str, ...],
    mode: RequestedMode,
    threads: int | None,
    what: str | None,
    **parameters: Any,
) -> None:
    """Report on all tasks, or those of --filter, from one snapshot: their numbers, or another report by --report.

    docs/reports.md says what the reports count.

    --verify ends with status 1 if a counter or the history is wrong; then --rebuild mends them.
    """
    if output and style == "table":
        fail("--output needs --format json, csv or html")
    if name != INSIGHT and (threads or mode != "auto"):
        fail(f"--mode and --threads are of --report {INSIGHT}")
    if what and filters:
        fail(f"--filter does not go with --{what}")
    runtime = invocation.bootstrap()
    match what:
        case "verify":
            verify_kept(runtime, invocation.console, threads)
            return
        case "rebuild":
            rebuild_kept(runtime, threads)
            return
    found = _compute(runtime, name, dict(_given(parameters)), filters, mode, threads)
    if style == "table":
        invocation.console.print(_tables(found) if isinstance(found, Report) else text_of(document_of(name, found)))
        return
    result = asdict(found) if isinstance(found, Report) else found
    for chunk in _chunks(name, result, style, is_file=output is not None, site=runtime.core.public_url):
        # To standard output without a file.
        click.echo(chunk, output, nl=False)


def _given(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the options that are given, by the names of the query parameters."""
    names = {"first": "from", "last": "to"}
    for name, value in parameters.items():
        if value is not None:
            yield names.get(name, name), value.date().isoformat() if isinstance(value, datetime) else value


def _compute(
    runtime: Runtime,
    name: ReportName,
    parameters: Mapping[str, Any],
    filters: Sequence[str],
    mode: RequestedMode,
    threads: int | None,
) -> Report | Mapping[str, Any]:
    service = create_service(runtime)
    try:
        with runtime.transaction() as session:
            request = ReportRequest(name, {**parameters, **read_filter_options(filters, session)})
            request.check(session.connection(), OPERATOR.id)
            wanted = request.filter(session.connection(), OPERATOR.id, runtime.core.zone)
        with progress_bar("counting") as progress:
            # Nobody waits at a browser.
            options: Any = {"progress": progress, "statement_timeout": runtime.core.database_statement_timeout}
            if request.report != INSIGHT:
                return request.compute(runtime, service, OPERATOR, **options)
            # The number of threads is that of a scan.
            chosen: RequestedMode = "scan" if threads and mode == "auto" else mode
            return service.compute(OPERATOR, wanted, mode=chosen, threads=threads, **options)
    except InvalidError as error:
        fail("; ".join(_option_error(one) for one in error.errors))
    finally:
        service.close()


def _option_error(error: FieldError) -> str:
    name = error.field.removeprefix("parameters.")
    is_option = error.where == "body" and name not in NAMES
    return f"--{name}: {error.message}" if is_option else f"--filter {name}: {error.message}"


def _chunks(name: str, result: Mapping[str, Any], style: Any, *, is_file: bool, site: str) -> Iterator[bytes]:
    if style == "json":
        yield orjson.dumps(result, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2) + b"\n"
        return
    chosen: Format = style
    for chunk in render(name, result, chosen, site=site).chunks:
        # The mark is for spreadsheets, not for programs behind a pipe.
        yield chunk if is_file else chunk.removeprefix(BYTE_ORDER_MARK)


def _tables(found: Report) -> Group:
    rate = "none yet" if found.completion_rate is None else f"{found.completion_rate:.1%}"
    summary: list[tuple[str, float]] = [
        ("tasks", found.total),
        ("completed", found.completed),
        ("pending", found.pending),
        ("due today or tomorrow", found.tasks_due_soon),
        ("overdue", found.overdue),
        ("assigned to nobody", found.unassigned),
    ]
    tables = [
        bar_table("Tasks", summary, most=found.total),
        bar_table("By status", [*found.tasks_by_status.items()], most=found.total),
        bar_table("By priority", [*found.tasks_by_priority.items()], most=found.total),
        bar_table("Assigned to", _shortened(found.tasks_assigned)),
        bar_table("Created by", _shortened(found.tasks_created)),
    ]
    source = "counters" if found.mode == "live" else f"{found.threads} thread{'s'[: found.threads > 1]}"
    footer = (
        f"{rate} completed · up to event {found.as_of_event} · {found.generated_at:%Y-%m-%d %H:%M:%S} UTC · "
        f"{found.elapsed_ms:.0f} ms, {source}"
    )
    return Group(Columns(tables), Text(footer, style="dim"))


def _shortened(numbers: dict[str, int]) -> list[tuple[str, float]]:
    """Return the first `MAX_LIST_LENGTH` entries, and the sum of the others as one entry."""
    entries: list[tuple[str, float]] = list(numbers.items())
    if rest := entries[MAX_LIST_LENGTH:]:
        return [*entries[:MAX_LIST_LENGTH], (f"({len(rest)} others)", sum(number for _, number in rest))]
    return entries
