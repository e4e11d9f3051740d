"""Logs of every process: readable lines in development, one JSON object a line in production."""

import logging
import os
import sys

import structlog

SHARED = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
)
# Set by `tms up`, whose merged log has the time of every line.
SUPERVISED = "TMS_SUPERVISED"


def configure_logs(log_format: str, process: str) -> None:
    """Send all logging to standard error in the given format (text or json), named by process."""
    if log_format == "json":
        structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_with_time() if log_format == "json" or SUPERVISED not in os.environ else SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(log_format),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("alembic", "txaio", "kombu", "amqp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _with_time():
    return (*SHARED, structlog.processors.TimeStamper(fmt="iso", utc=True))


def _rendering(log_format: str):
    if log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)]
