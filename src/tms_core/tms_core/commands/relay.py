import gc
import logging
import signal

import click

from tms_core.commands.invocation import Invocation
from tms_core.processes.heartbeat import Heartbeat
from tms_core.registry import resolve
from tms_core.relay.relay import Relay


@click.command()
@click.pass_obj
def relay(invocation: Invocation) -> None:
    """Deliver committed events to the sinks (mail, realtime, …).

    Several instances can run: one leads, and the others stand by to take over within seconds.
    """
    runtime = invocation.bootstrap()
    # Garbage collections need not traverse what is imported.
    for sink in runtime.registry.sinks.values():
        resolve(sink)
    gc.collect()
    gc.freeze()
    process = Relay(runtime)

    def end(signum: int, _frame: object) -> None:
        logging.getLogger(__name__).info("ending on %s", signal.Signals(signum).name)
        process.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with Heartbeat(runtime, "relay"):
        process.run()
