"""What a client missed, from the log, up to where the hub is; from there on it gets what all get."""

from functools import lru_cache
from typing import TYPE_CHECKING

from tms_realtime import metrics
from tms_realtime.clients.context import ConnectionContext
from tms_realtime.clients.hub import in_writes, reset_message
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.clients.view import View
from tms_realtime.event_log.envelope import Envelope

if TYPE_CHECKING:
    from tms_realtime.clients.connection import Connection, Wire


async def replay(client: "Connection", wire: "Wire", context: ConnectionContext, since: int) -> None:
    """Send every event after `since` that the client may see now, up to where the hub is. Where the log does not reach
    back so far, one reset. Whoever joins the hub before anything else is awaited misses nothing and gets nothing twice.

    Raises `LogUnavailableError`, and TimeoutError where the client does not read.
    """
    hub = context.hub
    if since > hub.position:
        # Another process may be ahead of this one.
        await context.follower.catch_up()
    is_whole = 0 <= hub.position - since <= context.settings.replay
    position = since
    while is_whole and position < hub.position:
        events = await context.reader.after(position)
        # What the hub has still to send must not come twice. There is nothing behind one that has gone back meanwhile.
        behind = [event for event in events if event.position <= hub.position]
        is_whole = bool(behind) and behind[0].position == position + 1
        if is_whole:
            position = await _send(client, wire, context, behind, position)
    if not is_whole or position != hub.position:
        client.send(reset_message(hub.position))
    metrics.REPLAYS.labels("live" if is_whole else "reset").inc()


async def _send(
    client: "Connection", wire: "Wire", context: ConnectionContext, events: list[Envelope], position: int
) -> int:
    """Send the events right after a position; the position to go on from, which may be amid them: where the client
    wishes for something else meanwhile, nothing more is sent as it was wished before."""
    view = client.view
    hidden = await _hidden_now(view, context, events)
    messages = [
        _outgoing(text, event.position)
        for event in events
        if (text := view.message(event)) is not None and (event.task_id not in hidden or view.is_visibility_lost(event))
    ]
    for message in in_writes(messages):
        await wire.drained()
        if client.view != view:
            return position
        client.send(message)
        position = message.parts[-1][1] or position
    return events[-1].position


# Those who come back together missed the same.
@lru_cache(maxsize=1_000)
def _outgoing(text: bytes, position: int) -> OutboundMessage:
    return OutboundMessage(text, position)


async def _hidden_now(view: View, context: ConnectionContext, events: list[Envelope]) -> set[int]:
    """The tasks of these events that the viewer saw then and may not see any more."""
    if view.actor is None:
        return set()
    seen = {event.task_id for event in events if view.message(event) is not None}
    return seen - await context.reader.visible_now(view.actor, seen) if seen else set()
