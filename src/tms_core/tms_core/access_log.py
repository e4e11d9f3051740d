"""The access log: one line per request on standard error, as text or as a JSON object.

Does not use `logging`: its records, formatters and handlers cost several percent of the throughput of cached lists
(bench/README.md).
"""

import os
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

import orjson

from tms_core.delayed_writer import STANDARD_ERROR
from tms_core.logs import SUPERVISED
from tms_core.redaction import redact

MAX_TARGET_LENGTH = 2000
MAX_METHOD_LENGTH = 20
UNSAFE = re.compile(r"[^!-~]|[\"\\]")


class AccessLog:
    """Writes one line per request. `write` receives whole lines; the default writes to standard error within 0.1 s."""

    def __init__(
        self,
        log_format: Literal["text", "json"],
        process: str,
        write: Callable[[bytes], object] | None = None,
        clock: Callable[[], float] = time.time,
    ):
        # The supervisor's merged log has its own times.
        text = _as_text if SUPERVISED in os.environ else _as_text_with_time
        self._format = _as_json if log_format == "json" else text
        self._constants = {"level": "info", "logger": "access", "process": process}
        self._write = write or STANDARD_ERROR.write
        self._clock = clock

    def log(
        self,
        method: str,
        target: str,
        status: int,
        seconds: float,
        *,
        address: str,
        user_id: int | None = None,
        request_id: str | None = None,
    ) -> None:
        """Write the line of one request. `target` is the percent-encoded path and query; secrets in it are redacted."""
        entry = {
            "event": "request",
            "method": printable(method, MAX_METHOD_LENGTH) or "-",
            "path": printable(redact(target), MAX_TARGET_LENGTH) or "-",
            "status": status,
            "duration_ms": round(seconds * 1000, 2),
            "user_id": user_id,
            "address": address,
            "request_id": request_id,
            "timestamp": _instant(self._clock()),
            **self._constants,
        }
        self._write(self._format(entry))


def printable(text: str, max_length: int) -> str:
    """Return `text` cut to `max_length`, with everything but printable ASCII percent-encoded, and quotes and
    backslashes too, so that a client cannot forge log lines."""
    if len(text) > max_length:
        text = f"{text[:max_length]}..."
    return UNSAFE.sub(_encoded, text) if UNSAFE.search(text) else text


def _encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogateescape"))


def _as_json(entry: dict[str, Any]) -> bytes:
    return orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE)


def _as_text(entry: dict[str, Any]) -> bytes:
    user = "-" if entry["user_id"] is None else entry["user_id"]
    request = f"{entry['method']} {entry['path']} {entry['status']} {entry['duration_ms']} ms"
    client = f"user={user} address={entry['address'] or '-'} request_id={entry['request_id'] or '-'}"
    return f"{request} {client}\n".encode()


def _as_text_with_time(entry: dict[str, Any]) -> bytes:
    return f"{entry['timestamp']} ".encode() + _as_text(entry)


def _instant(now: float) -> str:
    seconds = int(now)
    return f"{_second(seconds)}.{int((now - seconds) * 1000):03}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
