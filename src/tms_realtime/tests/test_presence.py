"""Who looks at which task: each `Presence` is one process's, and they share a real Redis."""

import asyncio
import signal
from contextlib import asynccontextmanager
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tms_core.services.tasks import TaskService
from tms_realtime.clients import presence as module
from tms_realtime.clients.presence import CHANNEL, LIFE, Presence


@pytest.fixture(scope="module")
def settings():
    return {"tms.visibility": "private"}


@pytest.fixture
def make_task(runtime):
    """A task that a user created; its id."""

    def make(creator, assignee=None) -> int:
        with runtime.transaction() as session:
            values = {"title": "x", "assigned_to": assignee.id if assignee else None}
            return TaskService(session, creator.actor, "private").create(values).id

    return make


@pytest.fixture
def people(make_user):
    return [make_user("ann"), make_user("bob"), make_user("root", is_admin=True)]


@pytest.fixture
def task(people, make_task) -> int:
    """That ann and bob see."""
    return make_task(*people[:2])


@asynccontextmanager
async def served(*boards):
    """Each of these is a process that serves, until it is killed."""
    tasks = [asyncio.create_task(context.presence.run()) for context in boards]
    try:
        yield
    finally:
        for one in tasks:
            one.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [error for error in ended if not isinstance(error, asyncio.CancelledError)] == []


@pytest.fixture
def look(make_speaker):
    """A user's client of a process, that looks at a task."""

    def start(context, user, task_id: int):
        one = make_speaker(user.id, is_admin=user.is_admin, on=context)
        assert one.say(type="presence", task_id=task_id) is None
        return one

    return start


def told(task_id: int | None, *users) -> dict:
    return {"type": "presence", "task": task_id, "users": sorted(user.id for user in users)}


async def is_told(one, *expected) -> None:
    """Until it has been told all of this, in that order."""
    await one.wire.until(lambda: len(one.wire.sent) >= len(expected))
    assert one.wire.sent == [*expected]


def test_one_is_told_who_else_looks_at_the_task_in_whatever_process(run, make_context, look, people, task):
    ann, bob, root = people

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here, there):
            of_ann = look(here, ann, task)
            await is_told(of_ann, told(task))
            of_bob = look(there, bob, task)
            await is_told(of_bob, told(task, ann))
            await is_told(of_ann, told(task), told(task, bob))
            of_root = look(there, root, task)
            await is_told(of_root, told(task, ann, bob))
            await is_told(of_ann, told(task), told(task, bob), told(task, bob, root))
            await is_told(of_bob, told(task, ann), told(task, ann, root))

    run(scenario())


@pytest.mark.parametrize("end", ["goes", "says so", "looks elsewhere"])
def test_whoever_looks_no_more_is_gone_for_the_others(end, run, make_context, look, people, task, make_task):
    ann, bob, _root = people

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here, there):
            of_ann, of_bob = look(here, ann, task), look(there, bob, task)
            await of_ann.wire.until(lambda: told(task, bob) in of_ann.wire.sent)
            await of_bob.wire.until(lambda: told(task, ann) in of_bob.wire.sent)
            match end:
                case "goes":
                    of_bob.connection.gone()
                case "says so":
                    of_bob.say(type="presence", task_id=None)
                    assert of_bob.wire.sent[-1] == told(None)
                case "looks elsewhere":
                    other = make_task(bob)
                    of_bob.say(type="presence", task_id=other)
                    await of_bob.wire.until(lambda: told(other) in of_bob.wire.sent)
            count = len(of_ann.wire.sent)
            await of_ann.wire.until(lambda: len(of_ann.wire.sent) > count or of_ann.wire.sent[-1] == told(task))
            assert of_ann.wire.sent[-1] == told(task)

    run(scenario())


def test_a_user_with_two_tabs_is_one_and_stays_until_the_last_one_goes(run, make_context, look, people, task):
    ann, bob, _root = people

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here, there):
            of_ann = look(here, ann, task)
            first, second, third = look(here, bob, task), look(there, bob, task), look(there, bob, task)
            for one in (first, second, third):
                await one.wire.until(lambda one=one: told(task, ann) in one.wire.sent)
            await of_ann.wire.until(lambda: told(task, bob) in of_ann.wire.sent)
            count = len(of_ann.wire.sent)
            first.connection.gone()
            second.connection.gone()
            # Something that both processes have told when they are done with that.
            probe = look(there, ann, task)
            await probe.wire.until(lambda: probe.wire.sent == [told(task, bob)])
            assert len(of_ann.wire.sent) == count
            third.connection.gone()
            await of_ann.wire.until(lambda: of_ann.wire.sent[-1] == told(task))
            # Nobody is told of oneself.
            assert all(told(task, bob) not in one.wire.sent for one in (first, second, third))

    run(scenario())


def test_what_one_may_not_see_one_may_not_look_at(run, make_context, look, people, make_task):
    ann, bob, root = people
    hidden = make_task(ann)

    async def scenario():
        context = make_context()
        async with served(context):
            of_ann = look(context, ann, hidden)
            await is_told(of_ann, told(hidden))
            for task_id in (hidden, 2**40, 2**63 - 1):
                await is_told(look(context, bob, task_id), {"type": "error", "message": f"there is no task {task_id}"})
            # An administrator sees all, and is the only one that ann is told of.
            look(context, root, hidden)
            await is_told(of_ann, told(hidden), told(hidden, root))

    run(scenario())


def test_who_is_taken_out_of_the_task_looks_at_it_no_more_and_the_others_do(
    runtime, run, make_context, look, people, task, publish
):
    ann, bob, _root = people

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here, there):
            of_ann, of_bob = look(here, ann, task), look(there, bob, task)
            await of_ann.wire.until(lambda: told(task, bob) in of_ann.wire.sent)
            await of_bob.wire.until(lambda: told(task, ann) in of_bob.wire.sent)
            with runtime.transaction() as session:
                TaskService(session, ann.actor, "private").change(task, {"assigned_to": None})
            publish.number()
            for context in (here, there):
                await context.follower.catch_up()
            await of_bob.wire.until(
                lambda: {"type": "error", "message": f"there is no task {task}"} in of_bob.wire.sent
            )
            await of_ann.wire.until(lambda: of_ann.wire.sent[-1] == told(task))
            # He has left the room: what goes on in it is not his any more.
            count = len(of_bob.wire.sent)
            look(here, people[2], task)
            await of_ann.wire.until(lambda: of_ann.wire.sent[-1] == told(task, people[2]))
            assert len(of_bob.wire.sent) == count

    run(scenario())


def test_nobody_looks_at_a_task_that_was_deleted(run, make_context, look, people, task, runtime, publish):
    ann, bob, _root = people

    async def scenario():
        context = make_context()
        async with served(context):
            both = [look(context, ann, task), look(context, bob, task)]
            for one, other in zip(both, (bob, ann), strict=True):
                await one.wire.until(lambda one=one, other=other: told(task, other) in one.wire.sent)
            with runtime.transaction() as session:
                TaskService(session, ann.actor, "private").delete(task)
            publish.number()
            await context.follower.catch_up()
            for one in both:
                await one.wire.until(
                    lambda one=one: {"type": "error", "message": f"there is no task {task}"} in one.wire.sent
                )

    run(scenario())


def test_what_a_killed_process_leaves_behind_runs_out(runtime, run, make_context, look, people, task, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT", 0.05)
    ann, bob, _root = people
    key = f"tms:realtime:presence:{task}"

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here):
            of_ann = look(here, ann, task)
            async with served(there):
                look(there, bob, task)
                await of_ann.wire.until(lambda: told(task, bob) in of_ann.wire.sent)
            left = dict(runtime.redis.zrange(key, 0, -1, withscores=True))
            (killed,) = (member for member in left if member.endswith(b":%d" % bob.id))
            now = float(".".join(map(str, runtime.redis.time())))
            assert all(now - 5 < until <= now + LIFE + 1 for until in left.values())
            assert 0 < runtime.redis.ttl(key) <= LIFE
            # As if the time had passed, for which the others have renewed theirs.
            runtime.redis.zadd(key, {killed: now - 1})
            await of_ann.wire.until(lambda: of_ann.wire.sent[-1] == told(task))
            (mine,) = (member for member in left if member != killed)
            async with asyncio.timeout(60):
                while runtime.redis.zscore(key, mine) <= left[mine]:
                    await asyncio.sleep(0)

    run(scenario())


def test_while_redis_is_away_one_is_told_of_this_processs_users(run, make_context, look, people, task, tmp_path):
    ann, bob, _root = people

    async def scenario():
        context = make_context()
        context = replace(context, presence=Presence(f"unix://{tmp_path}/nothing", context.reader))
        async with served(context):
            of_ann, of_bob = look(context, ann, task), look(context, bob, task)
            await of_ann.wire.until(lambda: told(task, bob) in of_ann.wire.sent)
            await of_bob.wire.until(lambda: told(task, ann) in of_bob.wire.sent)

    run(scenario())


def test_after_redis_has_lost_everything_presence_is_written_again(
    runtime, run, make_context, look, people, task, monkeypatch
):
    monkeypatch.setattr(module, "HEARTBEAT", 0.05)
    ann, bob, _root = people

    async def scenario():
        here, there = make_context(), make_context()
        async with served(here, there):
            of_ann = look(here, ann, task)
            await is_told(of_ann, told(task))
            runtime.redis.flushall()
            of_bob = look(there, bob, task)
            await of_bob.wire.until(lambda: told(task, ann) in of_bob.wire.sent)

    run(scenario())


def test_what_others_write_there_ends_nothing(runtime, run, make_context, look, people, task):
    ann, bob, _root = people

    async def scenario():
        context = make_context()
        async with served(context):
            of_ann = look(context, ann, task)
            await is_told(of_ann, told(task))
            runtime.redis.zadd(f"tms:realtime:presence:{task}", {"hello": 2**40})
            runtime.redis.publish(CHANNEL, "hello")
            runtime.redis.publish(CHANNEL, task)
            of_bob = look(context, bob, task)
            await of_bob.wire.until(lambda: told(task, ann) in of_bob.wire.sent)
            await is_told(of_ann, told(task), told(task, bob))

    run(scenario())


STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, 0, 1, "gone"])), min_size=1, max_size=8)


@given(steps=STEPS)
@hypothesis_settings(max_examples=15)
def test_in_the_end_everyone_knows_who_looks(steps, run, make_context, make_speaker, people, make_task):
    ann, bob, _root = people
    tasks = [make_task(ann, bob) for _ in range(2)]

    async def scenario():
        boards = [make_context(), make_context()]
        async with served(*boards):
            users = [ann, bob, ann, bob]
            clients = [make_speaker(user.id, on=boards[number // 2]) for number, user in enumerate(users)]
            monitor: dict[int, int | None] = {}
            for number, what in steps:
                if what == "gone":
                    clients[number].connection.gone()
                    monitor.pop(number, None)
                else:
                    monitor[number] = task_id = None if what is None else tasks[what]
                    clients[number].say(type="presence", task_id=task_id)
            for number, task_id in monitor.items():
                there = {users[other] for other, at in monitor.items() if at == task_id} - {users[number]}
                expected = told(task_id, *there) if task_id else told(None)
                wire = clients[number].wire
                await wire.until(lambda wire=wire, expected=expected: wire.sent[-1:] == [expected])

    run(scenario())


def test_a_real_process_that_is_killed_leaves_nobody_behind_for_long(runtime, start_realtime, listen, people, task):
    ann, bob, _root = people
    here, there = start_realtime(), start_realtime()
    of_ann, of_bob = listen(ann.access, to=here), listen(bob.access, to=there)
    look = orjson.dumps({"type": "presence", "task_id": task}).decode()
    assert of_ann.say(look) == told(task)
    assert of_bob.say(look) == told(task, ann)
    assert of_ann.message() == told(task, bob)

    there.process.send_signal(signal.SIGKILL)
    there.process.wait(60)
    # As if the time had passed, and another process had said something of the task.
    key = f"tms:realtime:presence:{task}"
    (killed,) = (member for member in runtime.redis.zrange(key, 0, -1) if member.endswith(b":%d" % bob.id))
    runtime.redis.zadd(key, {killed: 1})
    runtime.redis.publish(CHANNEL, task)

    assert of_ann.message() == told(task)
