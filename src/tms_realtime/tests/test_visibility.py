"""Private tasks, over sockets."""

from dataclasses import replace

import pytest
from websockets.exceptions import InvalidStatus

from tms_core.app import configure
from tms_core.models import EventKind
from tms_realtime.event_log.reader import LogReader


@pytest.fixture(scope="module")
def settings():
    return {"tms.visibility": "private", "tms.realtime.anonymous": "true"}


@pytest.fixture
def connected(make_user, listen):
    """A signed-in user and its socket."""

    def connect(**fields):
        user = make_user(**fields)
        return user, listen(user.access)

    return connect


def test_one_hears_of_ones_own_tasks_only(connected, publish, event):
    creator, of_creator = connected()
    assignee, of_assignee = connected()
    _stranger, of_stranger = connected()
    _administrator, of_administrator = connected(is_admin=True)

    (told,) = publish(event(EventKind.CREATED, created_by=creator.id, assigned_to=assignee.id))

    for listener in (of_creator, of_assignee, of_administrator):
        message = listener.message()
        assert (message["event"], message["event_id"]) == ("created", told.position)
        assert listener.hears_nothing()
    assert of_stranger.hears_nothing()


def test_a_task_that_is_taken_away_is_told_once_as_deleted(connected, publish, event):
    creator, of_creator = connected()
    before, of_before = connected()
    after, of_after = connected()
    changes = {"assigned_to": [before.id, after.id], "title": ["Old", "New and secret"]}

    publish(
        event(created_by=creator.id, assigned_to=after.id, title="New and secret", changes=changes),
        event(created_by=creator.id, assigned_to=after.id, title="More secret"),
        event(created_by=before.id),
    )

    visibility_lost = of_before.message()
    assert (visibility_lost["event"], visibility_lost["title"], visibility_lost["assigned_to"]) == (
        "deleted",
        "Old",
        before.id,
    )
    assert of_before.message()["created_by"] == before.id
    for listener in (of_creator, of_after):
        assert [listener.message()["event"] for _ in range(2)] == ["updated", "updated"]
        assert listener.hears_nothing()


def test_where_tasks_are_private_nobody_is_anonymous(listen):
    with pytest.raises(InvalidStatus) as refused:
        listen()

    assert refused.value.response.status_code == 401


@pytest.fixture
def sent(make_user, listen, publish):
    """Brings events into the log, and waits until the process has sent them: only then are they past."""
    witness = listen(make_user(is_admin=True).access)

    def bring(*events):
        told = publish(*events)
        assert [witness.message()["event_id"] for _ in told] == [one.position for one in told]
        return told

    return bring


@pytest.fixture
def person(make_user, listen, stream):
    """A user, and what it is told of the events after one: by position, over both wires the same."""

    def make(**fields):
        user = make_user(**fields)

        def told_since(since: int, until: int):
            heard = []
            source = stream(user.access, query=f"?since={since}")
            listener = listen(user.access, path=f"?since={since}")
            while (message := listener.message())["event_id"] < until:
                heard.append(message)
                assert source.message() == message
            return [(message["event_id"], message["event"], message["title"]) for message in heard]

        return user, told_since

    return make


def test_what_one_may_not_see_now_is_left_out_of_the_past(person, sent, event):
    (creator, told_creator), (before, told_before), (after, told_after), (admin, told_admin) = (
        person(), person(), person(), person(is_admin=True),
    )  # fmt: skip
    created, taken_away, later = sent(
        event(EventKind.CREATED, created_by=creator.id, assigned_to=before.id, title="a"),
        event(
            created_by=creator.id, assigned_to=after.id, title="b",
            changes={"assigned_to": [before.id, after.id], "title": ["a", "b"]},
        ),
        event(created_by=creator.id, assigned_to=after.id, title="c", changes={"title": ["b", "c"]}),
    )  # fmt: skip
    since = created.position - 1
    ends = sent(
        *(event(id=100 + user.id, created_by=user.id, assigned_to=user.id) for user in (creator, before, after, admin))
    )
    all_three = [
        (created.position, "created", "a"),
        (taken_away.position, "updated", "b"),
        (later.position, "updated", "c"),
    ]

    assert told_creator(since, ends[0].position) == all_three
    assert told_admin(since, ends[0].position) == all_three
    # He was told as it happened, and is told of the end again.
    assert told_before(since, ends[1].position) == [(taken_away.position, "deleted", "a")]
    # It came into her view by the second event.
    assert told_after(since, ends[2].position) == all_three[1:]


def test_the_past_of_a_task_that_came_back_to_one_is_whole(person, sent, event):
    user, told = person()
    gives, takes, gives_again = (
        {"assigned_to": [None, user.id]}, {"assigned_to": [user.id, None]}, {"assigned_to": [None, user.id]},
    )  # fmt: skip
    events = sent(
        event(created_by=99, assigned_to=user.id, changes=gives),
        event(created_by=99, assigned_to=None, changes=takes),
        event(created_by=99, assigned_to=None, changes={"title": ["a", "b"]}),
        event(created_by=99, assigned_to=user.id, changes=gives_again),
        event(id=2, created_by=user.id),
    )

    heard = told(events[0].position - 1, events[-1].position)

    assert [(position, kind) for position, kind, _title in heard] == [
        (events[0].position, "updated"),
        (events[1].position, "deleted"),
        (events[3].position, "updated"),
    ]


def test_the_past_of_a_task_that_was_deleted_is_told_to_those_who_saw_it_last(person, sent, event):
    (last_one, told_last), (earlier, told_earlier) = person(), person()
    events = sent(
        event(EventKind.CREATED, created_by=99, assigned_to=earlier.id),
        event(created_by=99, assigned_to=last_one.id, changes={"assigned_to": [earlier.id, last_one.id]}),
        event(EventKind.DELETED, created_by=99, assigned_to=last_one.id),
        event(id=2, created_by=earlier.id, assigned_to=last_one.id),
    )
    since, until = events[0].position - 1, events[-1].position

    assert [kind for _, kind, _ in told_last(since, until)] == ["updated", "deleted"]
    assert [(position, kind) for position, kind, _ in told_earlier(since, until)] == [(events[1].position, "deleted")]


def test_one_who_comes_back_after_a_task_was_taken_away_hears_so(person, sent, event):
    user, told = person()
    created, _changed, taken_away, _later, end = sent(
        event(EventKind.CREATED, created_by=99, assigned_to=user.id),
        event(created_by=99, assigned_to=user.id, changes={"title": ["a", "b"]}),
        event(created_by=99, assigned_to=None, changes={"assigned_to": [user.id, None]}),
        event(created_by=99, assigned_to=None, changes={"title": ["b", "c"]}),
        event(id=2, created_by=user.id),
    )

    # In the past of which it saw all, the farewell is what is left; after it, nothing.
    heard = told(created.position, end.position)

    assert [(position, kind) for position, kind, _ in heard] == [(taken_away.position, "deleted")]


def test_what_is_out_of_sight_matches_no_filter(make_user, listen, sent, event):
    user = make_user()
    first, _foreign, taken_away, end = sent(
        event(created_by=user.id, status="PENDING"),
        event(created_by=99, status="PENDING"),
        event(created_by=99, status="PENDING", assigned_to=None, changes={"assigned_to": [user.id, None]}),
        event(id=2, created_by=user.id, status="PENDING"),
    )

    listener = listen(user.access, path=f"?since={first.position}&status=PENDING")

    messages = [listener.message() for _ in range(2)]
    assert [(one["event_id"], one["event"], one["match"]) for one in messages] == [
        (taken_away.position, "deleted", "leave"),
        (end.position, "updated", "stay"),
    ]


def test_while_nobody_can_say_what_one_may_see_the_past_has_to_wait(
    ini, run, make_context, contexts, make_speaker, publish, event
):
    there = configure(ini | {"tms.database_url": "postgresql://nobody@127.0.0.1:1/nothing"}, web=False).registry.tms
    # Redis has all of it.
    first, *_ = publish(*(event(created_by=7) for _ in range(3)))

    async def scenario(**fields):
        contexts.append(replace(make_context(), reader=LogReader(there)))
        one = make_speaker(on=contexts[-1], since=first.position, **fields)
        await one.wire.until(lambda: one.wire.codes or len(one.wire.sent) == 2)
        return one.wire.codes, len(one.wire.sent)

    assert run(scenario(user_id=7)) == ([1013], 0)
    assert run(scenario(user_id=8, is_admin=True)) == ([], 2)
