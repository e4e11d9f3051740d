"""What a client may say, and what it is answered. Nothing that it says ends the connection."""

from typing import Any

import orjson

UNDERSTOOD = 'understood is {"type": "ping"}'
LONGEST_QUOTE = 40


def answer(payload: bytes, *, is_binary: bool) -> bytes:
    """The text that answers a client's message."""
    if is_binary:
        return _error(f"binary messages are not understood; {UNDERSTOOD}")
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return _error(f"not JSON; {UNDERSTOOD}")
    return orjson.dumps(_reply(said))


def refuse_replay() -> bytes:
    """For a client that connected with `?since=`: it must not believe that it missed nothing."""
    return _error("since is not supported yet: events of the past are not sent again")


def _reply(said: Any) -> dict[str, Any]:
    match said:
        case {"type": "ping"}:
            return {"type": "pong"}
        case {"type": "subscribe" | "resume" as word}:
            return _fault(f"{word} is not supported yet; {UNDERSTOOD}")
        case {"type": str(word)}:
            return _fault(f"unknown type {word[:LONGEST_QUOTE]!r}; {UNDERSTOOD}")
        case {}:
            return _fault(f"type must be a string; {UNDERSTOOD}")
        case _:
            return _fault(f"not a JSON object; {UNDERSTOOD}")


def _fault(message: str) -> dict[str, Any]:
    return {"type": "error", "message": message}


def _error(message: str) -> bytes:
    return orjson.dumps(_fault(message))
