"""The command `tms realtime`."""

import sys

import click

from tms_core.commands.invocation import Invocation


@click.command()
@click.pass_obj
def realtime(invocation: Invocation) -> None:
    """Push task changes to clients over WebSocket and SSE; any number of processes may run."""
    # Imported here, so that `tms --help` does not load Twisted and Autobahn.
    from tms_realtime.server import serve

    sys.exit(serve(invocation.bootstrap()))
