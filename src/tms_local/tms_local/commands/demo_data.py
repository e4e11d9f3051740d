import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import select

from tms_core.commands.invocation import Invocation, fail
from tms_core.models import Task
from tms_core.runtime import Runtime
from tms_local.demo.loading import PASSWORD, load
from tms_local.demo.people import DOMAIN
from tms_local.demo.safety import NOT_EMBEDDED, has_private_database
from tms_local.demo.team import TEAM_TASKS


@click.command("demo-data")
@click.option("--tasks", "task_count", type=click.IntRange(0, 50_000_000), default=1000, show_default=True)
@click.option("--users", "user_count", type=click.IntRange(1, 100_000), default=200, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Random seed of the tasks.")
@click.option("--if-empty", is_flag=True, help="Do nothing if there are tasks already.")
@click.option("--history", is_flag=True, help="Also add a history of each task, unless there are events already.")
@click.option("--team", is_flag=True, help="Also add an administrator and the tasks of a release; see below.")
@click.option("--yes", is_flag=True, help="Allow this in production, although the demo users' password is public.")
@click.pass_obj
def demo_data(
    invocation: Invocation,
    task_count: int,
    user_count: int,
    seed: int,
    *,
    if_empty: bool,
    history: bool,
    team: bool,
    yes: bool,
) -> None:
    """Add users and tasks for evaluation or benchmarks.

    No mails or live updates are sent. Without --history the tasks have no events. Every run adds tasks; the demo users
    are created once. On the same day, the same seed yields the same tasks. `tms up --demo` uses --team, which works on
    the embedded database only.
    """
    runtime = invocation.bootstrap()
    if runtime.core.environment == "production" and not yes:
        fail("demo users have a password that everybody knows; in production add --yes if you mean it")
    if team and not has_private_database(runtime):
        fail(NOT_EMBEDDED)
    if if_empty and _has_tasks(runtime):
        click.echo("there are tasks already: nothing added")
        return
    began, number = time.monotonic(), task_count + (len(TEAM_TASKS) if team else 0)
    with _progress(number) as progress:
        loaded = load(
            runtime,
            task_count=task_count,
            user_count=user_count,
            seed=seed,
            midnight=datetime.now(runtime.core.zone).replace(hour=0, minute=0, second=0, microsecond=0),
            history=history,
            team=team,
            progress=progress,
        )
    click.echo(
        f"added {number:,} tasks of {user_count} demo users ({loaded.new_users} of them new) in "
        f"{time.monotonic() - began:.1f} s, {_about_events(loaded.events)}: no mail, no push"
    )
    click.echo(f"demo users (…@{DOMAIN}) sign in with the password {PASSWORD}, for example {loaded.username}")


def _about_events(number: int) -> str:
    return f"with {number:,} events of their histories" if number else "without events"


def _has_tasks(runtime: Runtime) -> bool:
    with runtime.transaction() as session:
        return session.scalar(select(Task.id).limit(1)) is not None


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on standard error if that is a terminal, else print one line."""
    console = Console(stderr=True)
    if not console.is_terminal:
        click.echo(f"adding {total:,} tasks …")
    columns = (TextColumn("tasks"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("tasks", total=total)
        yield lambda done: bar.update(task, completed=done)
