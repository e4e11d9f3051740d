"""The command `tms webhooks`."""

import logging
import signal

import click

from tms_core.commands.invocation import Invocation
from tms_core.processes.heartbeat import Heartbeat
from tms_webhooks.sender.process import Sender


@click.command()
@click.pass_obj
def webhooks(invocation: Invocation) -> None:
    """Send the deliveries of webhooks.

    Several instances can run: they share the webhooks among them.
    """
    runtime = invocation.bootstrap()
    process = Sender(runtime)

    def end(signum: int, _frame: object) -> None:
        logging.getLogger(__name__).info("ending on %s", signal.Signals(signum).name)
        process.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with Heartbeat(runtime, "webhooks"):
        process.run()
