"""The visibility predicate in Python and in SQL."""

from itertools import product

import pytest
from sqlalchemy import select

from tms_core.models import Task
from tms_core.permissions import Actor, may, may_see, visibility_scope, visible_tasks

ADMIN, ANN, BOB, EVE = 1, 2, 3, 4


@pytest.fixture(scope="module")
def packages():
    return ()


@pytest.fixture
def tasks(runtime, make_user):
    """Create a task for every pair of creator and assignee."""
    for user_id in (ADMIN, ANN, BOB, EVE):
        assert make_user(is_admin=user_id == ADMIN).id == user_id
    with runtime.transaction() as session:
        pairs = product((ADMIN, ANN, BOB), (None, ADMIN, ANN, BOB))
        session.add_all([Task(title="T", created_by=creator, assigned_to=assignee) for creator, assignee in pairs])
        session.flush()
        return session.scalars(select(Task)).all()


@pytest.mark.parametrize("visibility", ["team", "private"])
@pytest.mark.parametrize("actor", [Actor(ADMIN, is_admin=True), Actor(ANN), Actor(BOB), Actor(EVE)], ids=str)
def test_a_query_finds_exactly_the_tasks_that_may_be_seen(runtime, tasks, actor, visibility):
    criterion = visible_tasks(actor, visibility)
    with runtime.transaction() as session:
        statement = select(Task.id) if criterion is None else select(Task.id).where(criterion)
        found = set(session.scalars(statement))

    assert found == {
        task.id
        for task in tasks
        if may_see(actor, visibility, created_by=task.created_by, assigned_to=task.assigned_to)
    }


def test_visibility_scope_is_equal_exactly_for_equal_visibility():
    admin, ann, bob = Actor(ADMIN, is_admin=True), Actor(ANN), Actor(BOB)

    assert len({visibility_scope(actor, "team") for actor in (admin, ann, bob)}) == 1
    assert len({visibility_scope(actor, "private") for actor in (admin, ann, bob)}) == 3
    assert visibility_scope(admin, "private") == visibility_scope(Actor(EVE, is_admin=True), "private")


def test_no_user_is_the_assignee_of_an_unassigned_task():
    stranger = Actor(0)

    assert not may_see(stranger, "private", created_by=ANN, assigned_to=None)
    assert not may(stranger, "update", created_by=ANN, assigned_to=None)
