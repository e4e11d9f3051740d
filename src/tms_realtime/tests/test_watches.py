"""Watches: clients that receive the viewers of several tasks. Each `Presence` stands for a process."""

from dataclasses import replace

import pytest

from tms_core.services.tasks import TaskService
from tms_realtime.clients import presence as module
from tms_realtime.clients.presence import Presence


@pytest.fixture(scope="module")
def settings():
    return {"tms.visibility": "private"}


def viewers(tasks=None) -> dict:
    """A message with the users who view each of the tasks."""
    seen = {str(task_id): [user.id for user in users] for task_id, users in (tasks or {}).items()}
    return {"type": "viewers", "tasks": seen}


async def receives(client, *expected) -> None:
    """Wait for exactly these messages about viewers, in order."""
    await client.wire.until(lambda: len(received(client)) >= len(expected))
    assert received(client) == [*expected]


def received(client) -> list[dict]:
    return [message for message in client.wire.sent if message.get("type") == "viewers"]


@pytest.fixture
def watch(make_client):
    """Creates a client of a user that watches tasks."""

    def start(context, user, *task_ids: int):
        one = make_client(user.id, is_admin=user.is_admin, on=context)
        assert one.command(type="watch", tasks=[*task_ids]) is None
        return one

    return start


def test_watchers_receive_the_other_viewers_of_all_processes(
    run, served, make_context, make_client, watch, users, make_task
):
    ann, bob, root = users
    first, second, third = (make_task(ann, bob) for _ in range(3))

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here, there):
            of_bob, of_root = make_client(bob.id, on=there), make_client(root.id, is_admin=True, on=here)
            of_bob.command(type="presence", task_id=first)
            await of_bob.wire.until(lambda: of_bob.wire.sent)
            of_ann, own = watch(here, ann, first, second), watch(here, bob, first)
            await receives(of_ann, viewers(), viewers({first: [bob]}))
            of_root.command(type="presence", task_id=first)
            await receives(of_ann, viewers(), viewers({first: [bob]}), viewers({first: [bob, root]}))
            # A user is not reported to its own clients.
            await receives(own, viewers(), viewers({first: [root]}))
            of_bob.command(type="presence", task_id=second)
            of_root.connection.gone()
            await of_ann.wire.until(lambda: _state(of_ann) == {str(second): [bob.id]})
            # The third is not watched, and of the others only the second still is.
            of_ann.command(type="watch", tasks=[second])
            of_root = make_client(root.id, is_admin=True, on=here)
            for task_id in (third, first, second):
                of_root.command(type="presence", task_id=task_id)
                await of_root.wire.until(
                    lambda task_id=task_id: [one["task"] for one in of_root.wire.sent[-1:]] == [task_id]
                )
            await of_ann.wire.until(lambda: _state(of_ann) == {str(second): [bob.id, root.id]})
            assert all(str(third) not in message["tasks"] for message in of_ann.wire.sent)

    run(scenario())


def _state(client) -> dict[str, list[int]]:
    """The viewers as the client knows them."""
    known: dict[str, list[int]] = {}
    for message in client.wire.sent:
        known |= message["tasks"]
    return {task_id: users for task_id, users in known.items() if users}


def test_nothing_is_sent_about_tasks_that_the_user_may_not_see(
    run, served, make_context, make_client, watch, users, make_task, task
):
    ann, bob, _root = users
    hidden = make_task(ann)

    async def scenario():
        context = make_context()
        async with served(context):
            of_bob = watch(context, bob, hidden, task, 2**40)
            await receives(of_bob, viewers())
            for task_id in (hidden, task):
                of_ann = make_client(ann.id, on=context)
                of_ann.command(type="presence", task_id=task_id)
            await receives(of_bob, viewers(), viewers({task: [ann]}))

    run(scenario())


@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_user_who_loses_sight_of_the_task_receives_no_more_viewers(
    is_deleted, runtime, run, served, make_context, make_client, watch, users, task, publish
):
    ann, bob, root = users

    async def scenario():
        context = make_context()
        async with served(context):
            of_ann, of_bob = make_client(ann.id, on=context), watch(context, bob, task)
            of_ann.command(type="presence", task_id=task)
            await receives(of_bob, viewers(), viewers({task: [ann]}))
            with runtime.transaction() as session:
                service = TaskService(session, ann.actor, "private")
                if is_deleted:
                    service.delete(task)
                else:
                    service.change(task, {"assigned_to": None})
            publish.assign_all_positions()
            await context.follower.catch_up()
            await receives(of_bob, viewers(), viewers({task: [ann]}), viewers({task: []}))
            if is_deleted:
                return
            of_root = make_client(root.id, is_admin=True, on=context)
            of_root.command(type="presence", task_id=task)
            await of_ann.wire.until(lambda: of_ann.wire.sent[-1].get("users") == [root.id])
            assert received(of_bob) == [viewers(), viewers({task: [ann]}), viewers({task: []})]

    run(scenario())


def test_viewers_of_a_killed_process_expire(
    runtime, run, served, make_context, make_client, watch, users, task, monkeypatch
):
    monkeypatch.setattr(module, "HEARTBEAT", 0.05)
    ann, bob, _root = users
    key = f"tms:realtime:presence:{task}"

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here):
            of_ann = watch(here, ann, task)
            async with served(there):
                make_client(bob.id, on=there).command(type="presence", task_id=task)
                await receives(of_ann, viewers(), viewers({task: [bob]}))
            (killed,) = runtime.redis.zrange(key, 0, -1)
            # As if the time had passed in which the process would have renewed its entry.
            runtime.redis.zadd(key, {killed: 1})
            await receives(of_ann, viewers(), viewers({task: [bob]}), viewers({task: []}))

    run(scenario())


def test_watches_are_limited_to_the_process_while_redis_is_down(
    run, served, make_context, make_client, watch, users, task, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "RECONNECT_SECONDS", 0.05)
    ann, bob, _root = users

    async def scenario():
        context = make_context()
        context = replace(context, presence=Presence(f"unix://{tmp_path}/nothing", context.reader))
        async with served(context):
            of_ann, of_bob = watch(context, ann, task), make_client(bob.id, on=context)
            of_bob.command(type="presence", task_id=task)
            await receives(of_ann, viewers(), viewers({task: [bob]}))
            of_bob.connection.gone()
            await receives(of_ann, viewers(), viewers({task: [bob]}), viewers({task: []}))

    run(scenario())
