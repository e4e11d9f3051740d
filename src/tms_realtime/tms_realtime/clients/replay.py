"""Replay of missed events from the log, up to the hub's position, from where the client is live."""

from functools import lru_cache

from tms_realtime import metrics
from tms_realtime.clients.context import ConnectionContext
from tms_realtime.clients.hub import Client, batches, reset_message
from tms_realtime.clients.outbound_message import OutboundMessage
from tms_realtime.clients.view import View
from tms_realtime.clients.wire import Wire
from tms_realtime.event_log.envelope import Envelope


async def replay(client: Client, wire: Wire, context: ConnectionContext, since: int) -> None:
    """Send the events after `since` that the client may see now, up to the hub's position, or one reset if the log does
    not reach back to `since`. The caller must join the hub before awaiting anything else, or events would be lost.

    Raises `LogUnavailableError`, and TimeoutError if the client does not read.
    """
    hub = context.hub
    if since > hub.position:
        # Another process may be ahead of this one.
        await context.follower.catch_up()
    is_whole = 0 <= hub.position - since <= context.settings.replay
    position = since
    while is_whole and position < hub.position:
        events = await context.reader.after(position)
        # Events that the hub has yet to publish would be sent twice. An empty result means that the log has gone back.
        due = [event for event in events if event.position <= hub.position]
        is_whole = bool(due) and due[0].position == position + 1
        if is_whole:
            position = await _send(client, wire, context, due, position)
    if not is_whole or position != hub.position:
        client.send(reset_message(hub.position))
    metrics.REPLAYS.labels("live" if is_whole else "reset").inc()


async def _send(client: Client, wire: Wire, context: ConnectionContext, events: list[Envelope], position: int) -> int:
    """Send the events right after `position`; return the position to continue from.

    Sending stops early if the client changes its subscriptions: the rest is read again with the new ones.
    """
    view = client.view
    hidden = await _hidden_now(view, context, events)
    messages = [
        _outbound(text, event.position)
        for event in events
        if (text := view.message(event)) is not None and (event.task_id not in hidden or view.is_visibility_lost(event))
    ]
    for message in batches(messages):
        await wire.drained()
        if client.view != view:
            return position
        client.send(message)
        position = message.parts[-1][1] or position
    return events[-1].position


# Clients that reconnect at the same time have missed the same events.
@lru_cache(maxsize=1_000)
def _outbound(text: bytes, position: int) -> OutboundMessage:
    return OutboundMessage(text, position)


async def _hidden_now(view: View, context: ConnectionContext, events: list[Envelope]) -> set[int]:
    """Return the tasks of these events that the client could see then but may not see now."""
    if view.actor is None:
        return set()
    seen = {event.task_id for event in events if view.message(event) is not None}
    return seen - await context.reader.visible_now(view.actor, seen) if seen else set()
