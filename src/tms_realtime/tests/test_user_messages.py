"""Messages to users reach all their connections and nobody else's."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from tms_core.user_messages import CHANNEL, publish
from tms_realtime.clients.hub import Hub
from tms_realtime.user_messages import UserMessages

MESSAGE = {"type": "notification", "id": 7, "unread": 2}


@pytest.fixture
def forwarding(runtime):
    """Forwards messages to the clients of a context."""

    @asynccontextmanager
    async def start(context):
        messages = UserMessages(runtime.core.redis, context.hub)
        task = asyncio.create_task(messages.run())
        while not messages.is_following:
            await asyncio.sleep(0)
        yield messages
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return start


def test_a_message_reaches_all_connections_of_its_user_only(runtime, run, make_context, make_client, forwarding, users):
    ann, bob, _root = users

    async def scenario():
        context = make_context()
        first, second = make_client(ann.id, on=context), make_client(ann.id, on=context)
        others = make_client(bob.id, on=context), make_client(on=context)
        async with forwarding(context):
            publish(runtime.redis, ann.id, MESSAGE)
            await first.wire.until(lambda: first.wire.sent)
            await second.wire.until(lambda: second.wire.sent)
            publish(runtime.redis, bob.id, {"type": "last"})
            await others[0].wire.until(lambda: others[0].wire.sent)
        assert first.wire.sent == second.wire.sent == [MESSAGE]
        assert [other.wire.sent for other in others] == [[{"type": "last"}], []]

    run(scenario())


def test_foreign_data_and_a_lost_connection_do_not_end_it(runtime, run, make_context, make_client, forwarding, users):
    async def scenario():
        context = make_context()
        one = make_client(users[0].id, on=context)
        async with forwarding(context) as messages:
            runtime.redis.publish(CHANNEL, "nonsense")
            publish(runtime.redis, users[0].id, MESSAGE)
            await one.wire.until(lambda: one.wire.sent)
            runtime.redis.client_kill_filter(_type="pubsub")
            while messages.is_following:
                await asyncio.sleep(0)
            while not messages.is_following:
                await asyncio.sleep(0)
            publish(runtime.redis, users[0].id, MESSAGE)
            await one.wire.until(lambda: len(one.wire.sent) == 2)

    run(scenario())


def test_a_client_that_left_is_forgotten(run, make_context, make_client, users):
    async def scenario():
        context = make_context()
        one = make_client(users[0].id, on=context)
        one.connection.gone()
        assert context.hub._connections == Hub()._connections == {}

    run(scenario())


def test_the_process_forwards_messages(runtime, realtime, listen, users):
    page, other = listen(users[0].access), listen(users[1].access)
    assert page.receives_nothing()
    publish(runtime.redis, users[0].id, MESSAGE)

    assert page.message() == MESSAGE
    assert other.receives_nothing()
