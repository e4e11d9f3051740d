"""Ids of requests, for their log lines and responses."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

HEADER = "X-Request-ID"
SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id_of(environ: Mapping[str, Any]) -> str:
    """Return the id that a client or proxy has sent in X-Request-ID if it is valid, else a random one."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    return given if SAFE_ID.fullmatch(given) else secrets.token_hex(8)
