import sys
import warnings

import click

from tms_core.commands.invocation import Invocation
from tms_core.state_dir import make_state_directory


@click.command()
@click.option("--concurrency", type=click.IntRange(1), help="Processes; default tms.worker_processes.")
@click.pass_obj
def worker(invocation: Invocation, concurrency: int | None) -> None:
    """Run background tasks (mail, report jobs). Several instances can run at once."""
    from celery.platforms import SecurityWarning

    from tms_core.celery import app, use

    use(invocation.bootstrap())
    # Celery warns root about pickle, which is not used here.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    # Celery's own command line would also import its other commands.
    process = app.Worker(loglevel="INFO", quiet=True, concurrency=concurrency, without_gossip=True, without_mingle=True)
    process.start()
    sys.exit(process.exitcode)


@click.command()
@click.pass_obj
def beat(invocation: Invocation) -> None:
    """Schedule periodic tasks. One instance is enough; several are harmless."""
    from tms_core.celery import app, use

    runtime = invocation.bootstrap()
    use(runtime)
    make_state_directory(runtime.core.state_dir)
    app.Beat(loglevel="INFO", quiet=True).run()
