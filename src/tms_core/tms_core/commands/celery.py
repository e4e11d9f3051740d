import warnings

import click
from celery.platforms import SecurityWarning

from tms_core.celery import app, use
from tms_core.commands.invocation import Invocation


@click.command()
@click.option("--concurrency", type=click.IntRange(1), help="Processes; default tms.worker_processes.")
@click.pass_obj
def worker(invocation: Invocation, concurrency: int | None) -> None:
    """Run background tasks (mail, report jobs). Run as many as you like."""
    use(invocation.bootstrap())
    # Celery warns root because of pickle, which no message of ours is read with.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    words = ["--quiet", "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    app.start(words + (["--concurrency", str(concurrency)] if concurrency else []))


@click.command()
@click.pass_obj
def beat(invocation: Invocation) -> None:
    """Start periodic tasks at their times. One is enough; two do no harm."""
    runtime = invocation.bootstrap()
    use(runtime)
    runtime.core.state_dir.mkdir(parents=True, exist_ok=True)
    app.start(["--quiet", "beat", "--loglevel", "INFO", "--pidfile", ""])
