"""Presence: each `Presence` stands for a process, and they share a real Redis."""

import asyncio
import signal
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tms_core.services.tasks import TaskService
from tms_realtime.clients import presence as module
from tms_realtime.clients.presence import Presence
from tms_realtime.clients.presence_store import CHANNEL, LIFE


@pytest.fixture(scope="module")
def settings():
    return {"tms.visibility": "private"}


@pytest.fixture
def view(make_client):
    """Creates a client of a user that views a task."""

    def start(context, user, task_id: int):
        one = make_client(user.id, is_admin=user.is_admin, on=context)
        assert one.command(type="presence", task_id=task_id) is None
        return one

    return start


def presence_message(task_id: int | None, *users) -> dict:
    return {"type": "presence", "task": task_id, "users": sorted(user.id for user in users)}


async def receives(one, *expected) -> None:
    """Wait for exactly these messages, in order."""
    await one.wire.until(lambda: len(one.wire.sent) >= len(expected))
    assert one.wire.sent == [*expected]


async def see_each_other(task_id: int, *viewers) -> None:
    """Wait until each of two (user, client) has received that the other views the task."""
    for (_user, client), (other, _client) in zip(viewers, reversed(viewers), strict=True):
        await client.wire.until(lambda client=client, other=other: presence_message(task_id, other) in client.wire.sent)


def test_clients_receive_the_other_viewers_of_all_processes(run, served, make_context, view, users, task):
    ann, bob, root = users

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here, there):
            of_ann = view(here, ann, task)
            await receives(of_ann, presence_message(task))
            of_bob = view(there, bob, task)
            await receives(of_bob, presence_message(task, ann))
            await receives(of_ann, presence_message(task), presence_message(task, bob))
            of_root = view(there, root, task)
            await receives(of_root, presence_message(task, ann, bob))
            await receives(
                of_ann, presence_message(task), presence_message(task, bob), presence_message(task, bob, root)
            )
            await receives(of_bob, presence_message(task, ann), presence_message(task, ann, root))

    run(scenario())


@pytest.mark.parametrize("end", ["disconnects", "ends presence", "views another"])
def test_a_viewer_that_leaves_is_removed(end, run, served, make_context, view, users, task, make_task):
    ann, bob, _root = users

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here, there):
            of_ann, of_bob = view(here, ann, task), view(there, bob, task)
            await see_each_other(task, (ann, of_ann), (bob, of_bob))
            match end:
                case "disconnects":
                    of_bob.connection.gone()
                case "ends presence":
                    of_bob.command(type="presence", task_id=None)
                    assert of_bob.wire.sent[-1] == presence_message(None)
                case "views another":
                    other = make_task(bob)
                    of_bob.command(type="presence", task_id=other)
                    await of_bob.wire.until(lambda: presence_message(other) in of_bob.wire.sent)
            count = len(of_ann.wire.sent)
            await of_ann.wire.until(
                lambda: len(of_ann.wire.sent) > count or of_ann.wire.sent[-1] == presence_message(task)
            )
            assert of_ann.wire.sent[-1] == presence_message(task)

    run(scenario())


def test_a_user_counts_once_until_its_last_client_leaves(run, served, make_context, view, users, task):
    ann, bob, _root = users

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here, there):
            of_ann = view(here, ann, task)
            first, second, third = view(here, bob, task), view(there, bob, task), view(there, bob, task)
            for one in (first, second, third):
                await one.wire.until(lambda one=one: presence_message(task, ann) in one.wire.sent)
            await of_ann.wire.until(lambda: presence_message(task, bob) in of_ann.wire.sent)
            count = len(of_ann.wire.sent)
            first.connection.gone()
            second.connection.gone()
            # A further viewer, whose message follows those of the end.
            probe = view(there, ann, task)
            await probe.wire.until(lambda: probe.wire.sent == [presence_message(task, bob)])
            assert len(of_ann.wire.sent) == count
            third.connection.gone()
            await of_ann.wire.until(lambda: of_ann.wire.sent[-1] == presence_message(task))
            # A user is not reported to its own clients.
            assert all(presence_message(task, bob) not in one.wire.sent for one in (first, second, third))

    run(scenario())


def test_presence_requires_that_the_user_may_see_the_task(run, served, make_context, view, users, make_task):
    ann, bob, root = users
    hidden = make_task(ann)

    async def scenario():
        context = make_context()
        async with served(context):
            of_ann = view(context, ann, hidden)
            await receives(of_ann, presence_message(hidden))
            for task_id in (hidden, 2**40, 2**63 - 1):
                await receives(view(context, bob, task_id), {"type": "error", "message": f"there is no task {task_id}"})
            # An administrator sees all tasks, and is the only viewer reported to ann.
            view(context, root, hidden)
            await receives(of_ann, presence_message(hidden), presence_message(hidden, root))

    run(scenario())


def test_a_user_who_loses_sight_of_the_task_is_removed(runtime, run, served, make_context, view, users, task, publish):
    ann, bob, _root = users

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here, there):
            of_ann, of_bob = view(here, ann, task), view(there, bob, task)
            await see_each_other(task, (ann, of_ann), (bob, of_bob))
            with runtime.transaction() as session:
                TaskService(session, ann.actor, "private").change(task, {"assigned_to": None})
            publish.assign_all_positions()
            for context in (here, there):
                await context.follower.catch_up()
            await of_bob.wire.until(
                lambda: {"type": "error", "message": f"there is no task {task}"} in of_bob.wire.sent
            )
            await of_ann.wire.until(lambda: of_ann.wire.sent[-1] == presence_message(task))
            # bob does not receive changes of the viewers any more.
            count = len(of_bob.wire.sent)
            view(here, users[2], task)
            await of_ann.wire.until(lambda: of_ann.wire.sent[-1] == presence_message(task, users[2]))
            assert len(of_bob.wire.sent) == count

    run(scenario())


def test_a_deleted_task_has_no_viewers(run, served, make_context, view, users, task, runtime, publish):
    ann, bob, _root = users

    async def scenario():
        context = make_context()
        async with served(context):
            both = [view(context, ann, task), view(context, bob, task)]
            await see_each_other(task, (ann, both[0]), (bob, both[1]))
            with runtime.transaction() as session:
                TaskService(session, ann.actor, "private").delete(task)
            publish.assign_all_positions()
            await context.follower.catch_up()
            for one in both:
                await one.wire.until(
                    lambda one=one: {"type": "error", "message": f"there is no task {task}"} in one.wire.sent
                )

    run(scenario())


def test_entries_of_a_killed_process_expire(runtime, run, served, make_context, view, users, task, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT", 0.05)
    ann, bob, _root = users
    key = f"tms:realtime:presence:{task}"

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here):
            of_ann = view(here, ann, task)
            async with served(there):
                view(there, bob, task)
                await of_ann.wire.until(lambda: presence_message(task, bob) in of_ann.wire.sent)
            left = dict(runtime.redis.zrange(key, 0, -1, withscores=True))
            (killed,) = (member for member in left if member.endswith(b":%d" % bob.id))
            now = float(".".join(map(str, runtime.redis.time())))
            assert all(now - 5 < until <= now + LIFE + 1 for until in left.values())
            assert 0 < runtime.redis.ttl(key) <= LIFE
            # As if the time had passed in which the other processes have renewed their entries.
            runtime.redis.zadd(key, {killed: now - 1})
            await of_ann.wire.until(lambda: of_ann.wire.sent[-1] == presence_message(task))
            (mine,) = (member for member in left if member != killed)
            async with asyncio.timeout(60):
                while runtime.redis.zscore(key, mine) <= left[mine]:
                    await asyncio.sleep(0)

    run(scenario())


def test_presence_is_limited_to_the_process_while_redis_is_down(run, served, make_context, view, users, task, tmp_path):
    ann, bob, _root = users

    async def scenario():
        context = make_context()
        context = replace(context, presence=Presence(f"unix://{tmp_path}/nothing", context.reader))
        async with served(context):
            of_ann, of_bob = view(context, ann, task), view(context, bob, task)
            await see_each_other(task, (ann, of_ann), (bob, of_bob))

    run(scenario())


def test_presence_is_stored_again_after_redis_lost_its_data(
    runtime, run, served, make_context, view, users, task, monkeypatch
):
    monkeypatch.setattr(module, "HEARTBEAT", 0.05)
    ann, bob, _root = users

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here, there):
            of_ann = view(here, ann, task)
            await receives(of_ann, presence_message(task))
            runtime.redis.flushall()
            of_bob = view(there, bob, task)
            await of_bob.wire.until(lambda: presence_message(task, ann) in of_bob.wire.sent)

    run(scenario())


def test_foreign_data_does_not_stop_presence(runtime, run, served, make_context, view, users, task):
    ann, bob, _root = users

    async def scenario():
        context = make_context()
        async with served(context):
            of_ann = view(context, ann, task)
            await receives(of_ann, presence_message(task))
            runtime.redis.zadd(f"tms:realtime:presence:{task}", {"hello": 2**40})
            runtime.redis.publish(CHANNEL, "hello")
            runtime.redis.publish(CHANNEL, task)
            of_bob = view(context, bob, task)
            await of_bob.wire.until(lambda: presence_message(task, ann) in of_bob.wire.sent)
            await receives(of_ann, presence_message(task), presence_message(task, bob))

    run(scenario())


STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, 0, 1, "gone"])), min_size=1, max_size=8)


@given(steps=STEPS)
@hypothesis_settings(max_examples=15)
def test_all_clients_converge_to_the_same_viewers(steps, run, served, make_context, make_client, users, make_task):
    ann, bob, _root = users
    tasks = [make_task(ann, bob) for _ in range(2)]

    async def scenario():
        contexts = [make_context(), make_context()]
        async with served(*contexts):
            users = [ann, bob, ann, bob]
            clients = [make_client(user.id, on=contexts[number // 2]) for number, user in enumerate(users)]
            viewed: dict[int, int | None] = {}
            for number, what in steps:
                if what == "gone":
                    clients[number].connection.gone()
                    viewed.pop(number, None)
                else:
                    viewed[number] = task_id = None if what is None else tasks[what]
                    clients[number].command(type="presence", task_id=task_id)
            for number, task_id in viewed.items():
                there = {users[other] for other, viewed_id in viewed.items() if viewed_id == task_id} - {users[number]}
                expected = presence_message(task_id, *there) if task_id else presence_message(None)
                wire = clients[number].wire
                await wire.until(lambda wire=wire, expected=expected: wire.sent[-1:] == [expected])

    run(scenario())


def test_viewers_of_a_killed_process_disappear(runtime, start_realtime, listen, users, task):
    ann, bob, _root = users
    here, there = start_realtime(), start_realtime()
    of_ann, of_bob = listen(ann.access, to=here), listen(bob.access, to=there)
    view = orjson.dumps({"type": "presence", "task_id": task}).decode()
    assert of_ann.ask(view) == presence_message(task)
    assert of_bob.ask(view) == presence_message(task, ann)
    assert of_ann.message() == presence_message(task, bob)

    there.process.send_signal(signal.SIGKILL)
    there.process.wait(60)
    # As if the time had passed, and another process had published a change.
    key = f"tms:realtime:presence:{task}"
    (killed,) = (member for member in runtime.redis.zrange(key, 0, -1) if member.endswith(b":%d" % bob.id))
    runtime.redis.zadd(key, {killed: 1})
    runtime.redis.publish(CHANNEL, task)

    assert of_ann.message() == presence_message(task)
