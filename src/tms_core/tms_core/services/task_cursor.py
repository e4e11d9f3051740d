"""Opaque, signed pagination cursors."""

import base64
import hashlib
import hmac
from datetime import date, datetime
from typing import Any

import orjson

from tms_core import error_codes as codes
from tms_core.errors import InvalidError
from tms_core.models import Priority, Status
from tms_core.services.task_ordering import Ordering
from tms_core.services.task_state import TaskRow

MAC_LENGTH = 16
# The largest field is a title of 200 characters: up to 6 bytes per character in JSON, plus a third for base64.
MAX_CURSOR_LENGTH = 4_000
READERS: dict[str, Any] = {
    "due_date": date.fromisoformat,
    "created_at": datetime.fromisoformat,
    "updated_at": datetime.fromisoformat,
    "priority": Priority,
    "status": Status,
}


class Cursors:
    """Creates and reads cursors for a `purpose`, such as the query parameters; other cursors are invalid."""

    def __init__(self, key: str, purpose: str):
        self._key = hashlib.sha256(f"tms cursor {key}".encode()).digest()
        self._purpose = purpose

    def after(self, task: TaskRow, ordering: Ordering) -> str:
        """Return the cursor for the tasks after this one."""
        return self._signed(orjson.dumps([getattr(task, term.name) for term in ordering]))

    def read(self, cursor: str, ordering: Ordering) -> list[Any]:
        """Return the ordering values of the cursor's task; raises `InvalidError` if its signature is wrong."""
        if len(cursor) > MAX_CURSOR_LENGTH:
            message = f"must have at most {MAX_CURSOR_LENGTH:,} characters"
            raise InvalidError.of("cursor", message, codes.TOO_LONG, "query", maximum=MAX_CURSOR_LENGTH)
        try:
            payload = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[MAC_LENGTH:]
        except ValueError:
            payload = b""
        # Compare the encoded text, because several base64 texts can decode to the same bytes.
        if not hmac.compare_digest(self._signed(payload).encode(), cursor.encode()):
            message = "must be empty, or come from `next` of this very list"
            raise InvalidError.of("cursor", message, codes.BAD_CURSOR, "query")
        return [
            value if value is None else READERS.get(term.name, _as_it_is)(value)
            for term, value in zip(ordering, orjson.loads(payload), strict=True)
        ]

    def _signed(self, payload: bytes) -> str:
        mac = hmac.digest(self._key, self._purpose.encode() + b"\0" + payload, "sha256")[:MAC_LENGTH]
        return base64.urlsafe_b64encode(mac + payload).rstrip(b"=").decode()


def _as_it_is(value: Any) -> Any:
    return value
