"""Bridges the logs of Twisted and Autobahn to the standard library's."""

import logging

import txaio
from twisted.logger import STDLibLogObserver, globalLogBeginner


def bridge_twisted_logs() -> None:
    """Forward Twisted's warnings to `logging`. Of Autobahn only errors are kept: the rest reports faults of clients."""
    txaio.set_global_log_level("error")
    logging.getLogger("twisted").setLevel(logging.WARNING)
    globalLogBeginner.beginLoggingTo([STDLibLogObserver()], redirectStandardIO=False)
