"""Tasks of a real TMS."""

from datetime import date

import pytest

from tms_client import InvalidError, NotFoundError, PreconditionFailedError


def test_tasks_are_created_changed_and_deleted(client):
    created = client.tasks.create(title="Paint the shed", due_date=date(2027, 3, 31), priority="HIGH")
    updated = client.tasks.update(created["id"], status="IN_PROGRESS")
    replaced = client.tasks.replace(created["id"], updated["version"], title="Paint it")
    read = client.tasks.get(created["id"])
    client.tasks.delete(created["id"], replaced["version"])

    assert (created["title"], created["due_date"], created["version"]) == ("Paint the shed", "2027-03-31", 1)
    assert (updated["title"], updated["status"], updated["version"]) == ("Paint the shed", "IN_PROGRESS", 2)
    assert (replaced["title"], replaced["priority"], replaced["due_date"]) == ("Paint it", "MEDIUM", None)
    assert read == replaced
    with pytest.raises(NotFoundError):
        client.tasks.get(created["id"])


def test_a_list_is_read_over_all_pages(client):
    client.tasks.bulk([{"op": "create", "task": {"title": f"{number}"}} for number in range(7)])

    titles = [task["title"] for task in client.tasks.list(created_by="me", page_size=3, ordering="id")]

    assert titles == ["0", "1", "2", "3", "4", "5", "6"]


def test_pages_are_fetched_when_they_are_needed(client):
    client.tasks.bulk([{"op": "create", "task": {"title": "old"}} for _ in range(3)])
    tasks = client.tasks.list(created_by="me", page_size=2, ordering="-id")

    first = next(tasks)
    for task in client.tasks.list(created_by="me"):
        client.tasks.update(task["id"], title="new")

    assert [task["title"] for task in [first, *tasks]] == ["old", "old", "new"]


def test_tasks_deleted_during_a_listing_hide_no_others(client):
    client.tasks.bulk([{"op": "create", "task": {"title": f"{number}"}} for number in range(4)])
    tasks = client.tasks.list(created_by="me", page_size=2, ordering="id")

    read = [next(tasks), next(tasks)]
    for task in read:
        client.tasks.delete(task["id"])

    assert [task["title"] for task in [*read, *tasks]] == ["0", "1", "2", "3"]


def test_filters_accept_lists_dates_and_none(client):
    for status, due in (("PENDING", None), ("COMPLETED", date(2027, 1, 1)), ("ARCHIVED", date(2027, 1, 1))):
        client.tasks.create(title=status, status=status, due_date=due)

    def titles(**filters):
        return {task["title"] for task in client.tasks.list(created_by="me", **filters)}

    assert titles(status=["PENDING", "COMPLETED"]) == {"PENDING", "COMPLETED"}
    assert titles(due_date_lt=date(2027, 1, 2), priority=None) == {"COMPLETED", "ARCHIVED"}
    assert titles(q="archived") == {"ARCHIVED"}


def test_a_page_is_read_by_its_number(client):
    client.tasks.bulk([{"op": "create", "task": {"title": f"{number}"}} for number in range(5)])

    page = client.tasks.page(2, page_size=2, created_by="me", ordering="id")

    assert page["count"] == 5
    assert [task["title"] for task in page["results"]] == ["2", "3"]


def test_an_invalid_task_raises_with_each_fault(client):
    with pytest.raises(InvalidError) as refused:
        client.tasks.create(title="", due_date="tomorrow")

    error = refused.value
    assert error.status == 400
    assert {fault["field"] for fault in error.errors} == {"title", "due_date"}
    assert error.request_id in str(error)
    assert "due_date must be" in str(error)


def test_a_task_that_has_changed_is_not_overwritten(client):
    task = client.tasks.create(title="As it was")
    client.tasks.update(task["id"], title="Theirs")

    with pytest.raises(PreconditionFailedError) as refused:
        client.tasks.update(task["id"], task["version"], title="Mine")

    assert refused.value.current == client.tasks.get(task["id"])
    assert refused.value.conflicts == {"title": {"base": "As it was", "theirs": "Theirs", "yours": "Mine"}}
    with pytest.raises(PreconditionFailedError):
        client.tasks.replace(task["id"], task["version"], title="Mine")
    with pytest.raises(PreconditionFailedError):
        client.tasks.delete(task["id"], task["version"])


def test_unchanged_fields_are_merged(client):
    task = client.tasks.create(title="As it was")
    client.tasks.update(task["id"], title="Theirs")

    merged = client.tasks.update(task["id"], task["version"], priority="URGENT")

    assert (merged["title"], merged["priority"]) == ("Theirs", "URGENT")


def test_the_same_key_creates_one_task(client):
    first, again = (client.tasks.create(title="Once", idempotency_key="my-own") for _ in range(2))

    assert first == again
    assert [task["id"] for task in client.tasks.list(created_by="me")] == [first["id"]]


def test_each_creation_has_a_key_of_its_own(client):
    first, second = (client.tasks.create(title="Twice") for _ in range(2))

    assert first["id"] != second["id"]


def test_bulk_is_all_or_nothing_and_names_the_failed_operation(client):
    task = client.tasks.create(title="There")
    done = client.tasks.bulk(
        [{"op": "create", "task": {"title": "New"}}, {"op": "update", "id": task["id"], "task": {"title": "Changed"}}]
    )

    with pytest.raises(NotFoundError) as refused:
        client.tasks.bulk([{"op": "delete", "id": task["id"]}, {"op": "delete", "id": 10**9}])

    assert [result["status"] for result in done] == [201, 200]
    assert refused.value.document["index"] == 1
    assert client.tasks.get(task["id"])["title"] == "Changed"


def test_a_history_is_newest_first_and_can_be_undone(client, number_events):
    task = client.tasks.create(title="First")
    client.tasks.update(task["id"], title="Second")
    number_events()

    last, creation = client.tasks.history(task["id"])
    undone = client.tasks.undo(task["id"], last["event_id"])

    assert (last["event"], last["changes"]) == ("updated", {"title": ["First", "Second"]})
    assert creation["event"] == "created"
    assert undone["title"] == "First"


def test_a_history_is_read_over_all_pages(client, number_events):
    task = client.tasks.create(title="0")
    for start in range(1, 1002, 500):
        changes = range(start, min(start + 500, 1002))
        client.tasks.bulk([{"op": "update", "id": task["id"], "task": {"title": f"{number}"}} for number in changes])
    number_events()

    titles = [event["changes"]["title"][1] for event in client.tasks.history(task["id"]) if event["changes"]]

    assert titles == [f"{number}" for number in range(1001, 0, -1)]
