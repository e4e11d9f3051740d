"""Private tasks, over sockets."""

import pytest
from websockets.exceptions import InvalidStatus

from tms_core.models import EventKind


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

    farewell = of_before.message()
    assert (farewell["event"], farewell["title"], farewell["assigned_to"]) == ("deleted", "Old", before.id)
    assert of_before.message()["created_by"] == before.id
    for listener in (of_creator, of_after):
        assert [listener.message()["event"] for _ in range(2)] == ["updated", "updated"]
        assert listener.hears_nothing()


def test_where_tasks_are_private_nobody_is_anonymous(listen):
    with pytest.raises(InvalidStatus) as refused:
        listen()

    assert refused.value.response.status_code == 401
