"""Logging of every process: readable lines in development, one JSON object per line in production."""

import logging
import os
import sys
from collections.abc import MutableMapping
from io import StringIO
from typing import Any, TextIO

import structlog

from tms_core.sanitizing import escaped

SHARED = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
)
NOISY = ("alembic", "txaio", "kombu", "amqp", "celery.beat", "celery.worker.strategy")
# Set by `tms up`, whose merged log adds the process name and the time to every line.
SUPERVISED = "TMS_SUPERVISED"


def configure_logs(log_format: str, process: str) -> None:
    """Send all logging to standard error in the given format (text or json), with the name of the process."""
    before, rendering = _json(process) if log_format == "json" else _text()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=(*SHARED, *before),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _text() -> tuple[list[Any], list[Any]]:
    times = [] if SUPERVISED in os.environ else [structlog.processors.TimeStamper(fmt="iso", utc=True)]
    return times, [escape_controls, _console()]


def _console() -> structlog.dev.ConsoleRenderer:
    # The default traceback shows the values of local variables, which may be secrets, and takes seconds to format.
    plain = _plain_traceback
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0, exception_formatter=plain)


def _plain_traceback(stream: TextIO, exc_info: Any) -> None:
    written = StringIO()
    structlog.dev.plain_traceback(written, exc_info)
    stream.write(escaped(written.getvalue(), but="\n\t"))


def escape_controls(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape control characters in all values (a structlog processor), against forged lines and terminal escapes."""
    return {name: escaped(value) if isinstance(value, str) else value for name, value in event.items()}


def _json(process: str) -> tuple[list[Any], list[Any]]:
    def name_process(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**event, "process": process}

    before = [structlog.stdlib.ExtraAdder(), structlog.processors.TimeStamper(fmt="iso", utc=True), name_process]
    return before, [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
