"""Twisted's and Autobahn's logs, into Python's."""

import logging

import txaio
from twisted.logger import STDLibLogObserver, globalLogBeginner


def bridge_twisted_logs() -> None:
    """What Twisted warns of goes where all logs go; Autobahn's own lines tell of clients' faults, not of ours."""
    txaio.set_global_log_level("error")
    logging.getLogger("twisted").setLevel(logging.WARNING)
    globalLogBeginner.beginLoggingTo([STDLibLogObserver()], redirectStandardIO=False)
