"""Accounts and the report of a real TMS."""

import pytest

from tms_client import ConflictError, ForbiddenError, NotAuthenticatedError, NotFoundError


def test_accounts_are_created_changed_and_deleted(connect, register):
    account = register()
    client = connect(**account)

    me = client.users.me()
    changed = client.users.update("me", first_name="Ann")
    client.users.delete(me["id"])

    assert me["username"] == account["username"]
    assert changed == me | {"first_name": "Ann"}
    with pytest.raises(NotAuthenticatedError):
        connect(**account).users.me()


def test_other_users_are_found_by_their_names(client, connect, register):
    other = connect(**register()).users.update("me", last_name="Zwölfinger")

    (found,) = client.users.list(q="wölfing")

    assert found["id"] == other["id"]
    assert client.users.get(other["id"]) == found
    assert client.users.me()["id"] in {user["id"] for user in client.users.list()}


def test_forbidden_missing_and_taken_users_raise(client, connect, register):
    account = register()
    other = connect(**account).users.me()

    with pytest.raises(ForbiddenError):
        client.users.update(other["id"], first_name="Not mine")
    with pytest.raises(NotFoundError):
        client.users.get(10**9)
    with pytest.raises(ConflictError):
        client.users.create(username=other["username"], email="x@example.com", password="password123")


def test_the_report_counts_the_matching_tasks(client):
    for status in ("PENDING", "PENDING", "COMPLETED"):
        client.tasks.create(title=status, status=status)

    report = client.report(created_by="me", status=["PENDING", "ARCHIVED"])

    assert (report["total"], report["pending"], report["completed"]) == (2, 2, 0)
