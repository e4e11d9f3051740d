"""Handles the messages of a client. An invalid message is answered with an error and never ends the connection."""

from typing import Any, cast

import orjson

from tms_core.errors import InvalidError
from tms_realtime.clients.connection import Connection
from tms_realtime.clients.filter_parsing import MAX_POSITION, WHERE, parse_filter_object
from tms_realtime.clients.view import Subscription

KNOWN_TYPES = "known types are ping, subscribe, unsubscribe, resume, presence and watch"
MAX_QUOTE_LENGTH = 40
MAX_NAME_LENGTH = 100
Answer = dict[str, Any] | None


class InvalidCommandError(Exception):
    """The command is invalid; `str(error)` says what would be valid."""


def handle(connection: Connection, payload: bytes, *, is_binary: bool) -> bytes | None:
    """Execute a client's message and return the response, or None if it has no immediate response."""
    try:
        reply = _dispatch(connection, _read(payload, is_binary=is_binary))
    except InvalidCommandError as error:
        reply = {"type": "error", "message": str(error)}
    return orjson.dumps(reply) if reply else None


def _read(payload: bytes, *, is_binary: bool) -> dict[str, Any]:
    if is_binary:
        raise InvalidCommandError("binary messages are not supported: send JSON as text")
    try:
        command = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise InvalidCommandError('the message is not JSON; an example is {"type": "ping"}') from None
    if not isinstance(command, dict):
        raise InvalidCommandError('the message is not a JSON object; an example is {"type": "ping"}')
    return command


def _dispatch(connection: Connection, command: dict[str, Any]) -> Answer:
    match command:
        case {"type": "ping"}:
            return {"type": "pong"}
        case {"type": "subscribe"}:
            return _subscribe(connection, command)
        case {"type": "unsubscribe"}:
            return _unsubscribe(connection, command)
        case {"type": "resume"}:
            _resume(connection, command)
            return None
        case {"type": "presence"}:
            _presence(connection, command)
            return None
        case {"type": "watch"}:
            _watch(connection, command)
            return None
        case {"type": str(kind)}:
            raise InvalidCommandError(f"unknown type {kind[:MAX_QUOTE_LENGTH]!r}; {KNOWN_TYPES}")
        case _:
            raise InvalidCommandError(f"type must be a string; {KNOWN_TYPES}")


def _subscribe(connection: Connection, command: dict[str, Any]) -> Answer:
    name = _name(command)
    try:
        wanted = parse_filter_object(command.get("filter", {}), user_id=connection.user_id)
        connection.subscribe(Subscription(wanted, name))
    except InvalidError as error:
        raise InvalidCommandError(
            "; ".join(_sentence(field_error.field, field_error.message) for field_error in error.errors)
        ) from None
    except ValueError as error:
        raise InvalidCommandError(str(error)) from None
    return _named("subscribed", name)


def _unsubscribe(connection: Connection, command: dict[str, Any]) -> Answer:
    name = _name(command)
    try:
        connection.unsubscribe(name)
    except LookupError as error:
        raise InvalidCommandError(str(error.args[0])) from None
    return _named("unsubscribed", name)


def _resume(connection: Connection, command: dict[str, Any]) -> None:
    connection.resume(_number(command, "since", smallest=0))


def _presence(connection: Connection, command: dict[str, Any]) -> None:
    if connection.user_id is None:
        raise InvalidCommandError("presence requires a signed-in client")
    connection.view_task(None if command.get("task_id", 0) is None else _number(command, "task_id", smallest=1))


def _watch(connection: Connection, command: dict[str, Any]) -> None:
    if connection.user_id is None:
        raise InvalidCommandError("presence requires a signed-in client")
    task_ids = command.get("tasks")
    if not isinstance(task_ids, list) or not all(_is_number(one, smallest=1) for one in task_ids):
        raise InvalidCommandError("tasks must be a list of integers of at least 1")
    try:
        connection.watch_tasks(set(task_ids))
    except ValueError as error:
        raise InvalidCommandError(str(error)) from None


def _number(command: dict[str, Any], name: str, *, smallest: int) -> int:
    number = command.get(name)
    if not _is_number(number, smallest=smallest):
        raise InvalidCommandError(f"{name} must be an integer of at least {smallest}")
    return cast(int, number)


def _is_number(value: object, *, smallest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and smallest <= value <= MAX_POSITION


def _name(command: dict[str, Any]) -> str | None:
    name = command.get("id")
    if name is not None and not (isinstance(name, str) and 0 < len(name) <= MAX_NAME_LENGTH):
        raise InvalidCommandError(f"id must be a string of 1 to {MAX_NAME_LENGTH} characters")
    return name


def _named(kind: str, name: str | None) -> dict[str, Any]:
    return {"type": kind} if name is None else {"type": kind, "id": name}


def _sentence(field: str, message: str) -> str:
    return f"{field} {message}" if field == WHERE else f"{WHERE}.{field} {message}"
