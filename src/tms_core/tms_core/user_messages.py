"""Messages to the open connections of one user, which the realtime processes forward.

A message may be lost: it reaches only clients that are connected, and none while Redis is down. It says that something
has changed; the client then reads the state from the API.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import redis

CHANNEL = "tms:user-messages"


class MessageError(ValueError):
    """Not a message that clients can tell from an event."""


def publish(client: redis.Redis, user_id: int, message: Mapping[str, Any]) -> None:
    """Send a message to a user's connections, after the transaction that it is about.

    `message` becomes a control message of the WebSocket and the event stream: it needs a `type` and must have no
    `task_id`, by which clients recognise events. Raises `redis.RedisError`.
    """
    publish_all(client, [(user_id, message)])


def publish_all(client: redis.Redis, messages: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    """Send messages to several users, published as one with a line for each. Raises `redis.RedisError`."""
    client.publish(CHANNEL, b"\n".join(encode(user_id, message) for user_id, message in messages))


def encode(user_id: int, message: Mapping[str, Any]) -> bytes:
    """Return a message as a line without break. Raises ValueError if clients would take it for an event."""
    if not isinstance(message.get("type"), str) or "task_id" in message:
        raise MessageError("a message needs a type and must have no task_id")
    return orjson.dumps({"user": user_id, "message": message})


def decode_all(data: bytes) -> list[tuple[int, dict[str, Any]]]:
    """Return the users' ids and the messages that were published together. Raises ValueError for foreign data."""
    return [decode(line) for line in data.split(b"\n")]


def decode(data: bytes) -> tuple[int, dict[str, Any]]:
    """Return the user's id and the message. Raises ValueError for data that `encode` does not return."""
    match orjson.loads(data):
        case {"user": int(user_id), "message": {"type": str()} as message} if "task_id" not in message:
            return user_id, message
        case _:
            raise MessageError("not a message to a user")
