"""Private tasks over sockets."""

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
    """Creates a signed-in user with a WebSocket client."""

    def connect(**fields):
        user = make_user(**fields)
        return user, listen(user.access)

    return connect


def test_users_receive_events_of_their_own_tasks_only(connected, publish, event):
    creator, of_creator = connected()
    assignee, of_assignee = connected()
    _stranger, of_stranger = connected()
    _administrator, of_administrator = connected(is_admin=True)

    (replayed,) = publish(event(EventKind.CREATED, created_by=creator.id, assigned_to=assignee.id))

    for listener in (of_creator, of_assignee, of_administrator):
        message = listener.message()
        assert (message["event"], message["event_id"]) == ("created", replayed.position)
        assert listener.receives_nothing()
    assert of_stranger.receives_nothing()


def test_a_task_that_becomes_invisible_is_sent_once_as_deleted(connected, publish, event):
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
        assert listener.receives_nothing()


def test_private_tasks_exclude_anonymous_clients(listen):
    with pytest.raises(InvalidStatus) as refused:
        listen()

    assert refused.value.response.status_code == 401


@pytest.fixture
def sent(make_user, listen, publish):
    """Adds events to the log, and waits until the process has published them."""
    witness = listen(make_user(is_admin=True).access)

    def add(*events):
        replayed = publish(*events)
        assert [witness.message()["event_id"] for _ in replayed] == [one.position for one in replayed]
        return replayed

    return add


@pytest.fixture
def person(make_user, listen, stream):
    """Creates a user, and a function that returns what the user's clients receive in a range, asserted to be equal over
    both protocols."""

    def make(**fields):
        user = make_user(**fields)

        def replayed_since(since: int, until: int):
            received = []
            source = stream(user.access, query=f"?since={since}")
            listener = listen(user.access, path=f"?since={since}")
            while (message := listener.message())["event_id"] < until:
                received.append(message)
                assert source.message() == message
            return [(message["event_id"], message["event"], message["title"]) for message in received]

        return user, replayed_since

    return make


def test_tasks_that_are_invisible_now_are_omitted_from_the_replay(person, sent, event):
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
    # The creator received the event when it happened, and the last one again in the replay.
    assert told_before(since, ends[1].position) == [(taken_away.position, "deleted", "a")]
    # The second event brought the task into the user's view.
    assert told_after(since, ends[2].position) == all_three[1:]


def test_a_task_that_became_visible_again_is_replayed_completely(person, sent, event):
    user, replayed = person()
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

    received = replayed(events[0].position - 1, events[-1].position)

    assert [(position, kind) for position, kind, _title in received] == [
        (events[0].position, "updated"),
        (events[1].position, "deleted"),
        (events[3].position, "updated"),
    ]


def test_a_deleted_task_is_replayed_to_the_users_who_could_see_it_last(person, sent, event):
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


def test_a_replay_has_the_deletion_of_a_task_that_became_invisible(person, sent, event):
    user, replayed = person()
    created, _changed, taken_away, _later, end = sent(
        event(EventKind.CREATED, created_by=99, assigned_to=user.id),
        event(created_by=99, assigned_to=user.id, changes={"title": ["a", "b"]}),
        event(created_by=99, assigned_to=None, changes={"assigned_to": [user.id, None]}),
        event(created_by=99, assigned_to=None, changes={"title": ["b", "c"]}),
        event(id=2, created_by=user.id),
    )

    # Of a history that was visible throughout, only the deletion for the user is replayed.
    received = replayed(created.position, end.position)

    assert [(position, kind) for position, kind, _ in received] == [(taken_away.position, "deleted")]


def test_invisible_tasks_match_no_filter(make_user, listen, sent, event):
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


def test_a_replay_fails_while_visibility_is_unknown(ini, run, make_context, contexts, make_client, publish, event):
    there = configure(ini | {"tms.database_url": "postgresql://nobody@127.0.0.1:1/nothing"}, web=False).registry.tms
    # Redis has all events.
    first, *_ = publish(*(event(created_by=7) for _ in range(3)))

    async def scenario(**fields):
        contexts.append(replace(make_context(), reader=LogReader(there)))
        one = make_client(on=contexts[-1], since=first.position, **fields)
        await one.wire.until(lambda: one.wire.codes or len(one.wire.sent) == 2)
        return one.wire.codes, len(one.wire.sent)

    assert run(scenario(user_id=7)) == ([1013], 0)
    assert run(scenario(user_id=8, is_admin=True)) == ([], 2)
