"""What a client may say, and what it is answered. Nothing that it says wrongly ends the connection."""

from typing import Any

import orjson

from tms_core.errors import InvalidError
from tms_realtime.clients.connection import Connection
from tms_realtime.clients.filter_parsing import MAX_POSITION, WHERE, parse_filter_object
from tms_realtime.clients.view import Subscription

KNOWN_TYPES = "understood are ping, subscribe, unsubscribe, resume and presence"
MAX_QUOTE_LENGTH = 40
MAX_NAME_LENGTH = 100
Answer = dict[str, Any] | None


class InvalidCommandError(Exception):
    """`str(error)` says what would be right."""


def hear(connection: Connection, payload: bytes, *, is_binary: bool) -> bytes | None:
    """Do what a client says; the text that answers it, if any does at once."""
    try:
        reply = _dispatch(connection, _read(payload, is_binary=is_binary))
    except InvalidCommandError as error:
        reply = {"type": "error", "message": str(error)}
    return orjson.dumps(reply) if reply else None


def _read(payload: bytes, *, is_binary: bool) -> dict[str, Any]:
    if is_binary:
        raise InvalidCommandError("binary messages are not understood: send JSON as text")
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise InvalidCommandError('this is not JSON; say {"type": "ping"}, for one') from None
    if not isinstance(said, dict):
        raise InvalidCommandError('this is not a JSON object; say {"type": "ping"}, for one')
    return said


def _dispatch(connection: Connection, said: dict[str, Any]) -> Answer:
    match said:
        case {"type": "ping"}:
            return {"type": "pong"}
        case {"type": "subscribe"}:
            return _subscribe(connection, said)
        case {"type": "unsubscribe"}:
            return _unsubscribe(connection, said)
        case {"type": "resume"}:
            _resume(connection, said)
            return None
        case {"type": "presence"}:
            _presence(connection, said)
            return None
        case {"type": str(word)}:
            raise InvalidCommandError(f"unknown type {word[:MAX_QUOTE_LENGTH]!r}; {KNOWN_TYPES}")
        case _:
            raise InvalidCommandError(f"type must be a string; {KNOWN_TYPES}")


def _subscribe(connection: Connection, said: dict[str, Any]) -> Answer:
    name = _name(said)
    try:
        wanted = parse_filter_object(said.get("filter", {}), user_id=connection.user_id)
        connection.subscribe(Subscription(wanted, name))
    except InvalidError as error:
        raise InvalidCommandError("; ".join(_sentence(fault.field, fault.message) for fault in error.faults)) from None
    except ValueError as error:
        raise InvalidCommandError(str(error)) from None
    return _named("subscribed", name)


def _unsubscribe(connection: Connection, said: dict[str, Any]) -> Answer:
    name = _name(said)
    try:
        connection.unsubscribe(name)
    except LookupError as error:
        raise InvalidCommandError(str(error.args[0])) from None
    return _named("unsubscribed", name)


def _resume(connection: Connection, said: dict[str, Any]) -> None:
    connection.resume(_number(said, "since", smallest=0))


def _presence(connection: Connection, said: dict[str, Any]) -> None:
    if connection.user_id is None:
        raise InvalidCommandError("presence is for signed-in clients")
    connection.view_task(None if said.get("task_id", 0) is None else _number(said, "task_id", smallest=1))


def _number(said: dict[str, Any], name: str, *, smallest: int) -> int:
    number = said.get(name)
    if isinstance(number, bool) or not isinstance(number, int) or not smallest <= number <= MAX_POSITION:
        raise InvalidCommandError(f"{name} must be a whole number from {smallest} on")
    return number


def _name(said: dict[str, Any]) -> str | None:
    name = said.get("id")
    if name is not None and not (isinstance(name, str) and 0 < len(name) <= MAX_NAME_LENGTH):
        raise InvalidCommandError(f"id must be a string of 1 to {MAX_NAME_LENGTH} characters")
    return name


def _named(word: str, name: str | None) -> dict[str, Any]:
    return {"type": word} if name is None else {"type": word, "id": name}


def _sentence(field: str, message: str) -> str:
    return f"{field} {message}" if field == WHERE else f"{WHERE}.{field} {message}"
