"""The lists of tasks behind the numbers of reports over the real application."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import update

from tms_core.models import Task
from tms_reports.series.task_list_schemas import CycleTimeTasksResponse, TrendTasksResponse

PATH = "/api/task-report-insight"
TREND, CYCLE = f"{PATH}/trend/tasks", f"{PATH}/cycle-time/tasks"


@pytest.fixture(scope="module")
def packages():
    return ("tms_api", "tms_reports")


def day(distance):
    return (datetime.now(UTC).date() + timedelta(days=distance)).isoformat()


def ids(response):
    return [one["task"]["id"] for one in response.json["results"]]


def test_a_task_that_was_completed_twice_stands_there_twice(client, create):
    create()
    task_id = create()
    for status in ("COMPLETED", "IN_PROGRESS", "COMPLETED"):
        client.patch_json(f"/api/task/{task_id}", {"status": status})

    response = client.get(f"{TREND}?number=completed")

    TrendTasksResponse.model_validate_json(response.text)
    newest, oldest = response.json["results"]
    assert newest["task"] == oldest["task"] == client.get(f"/api/task/{task_id}").json
    assert (newest["old_status"], oldest["old_status"]) == ("IN_PROGRESS", "PENDING")
    assert newest["at"] > oldest["at"]
    assert (response.json["count"], response.json["from"], response.json["to"]) == (2, day(0), day(0))
    assert client.get(f"{PATH}/trend?days=1").json["days"][0]["completed"] == 2


def test_pages_follow_each_other(client, create):
    tasks = [create() for _ in range(5)]

    first = client.get(f"{TREND}?number=created&page_size=2&priority=MEDIUM")
    second = client.get(first.json["next"])
    third = client.get(second.json["next"])
    past = client.get(f"{TREND}?number=created&page_size=2&page=4", status=404)

    assert ids(first) + ids(second) + ids(third) == tasks[::-1]
    assert client.get(third.json["previous"]).json["results"] == second.json["results"]
    assert (first.json["previous"], third.json["next"], first.json["count"]) == (None, None, 5)
    assert past.json["code"] == "page_not_found"


def test_the_longest_cycle_is_first(client, create, runtime, relay_once):
    ages = {create(status="IN_PROGRESS", priority="HIGH"): 2, create(): 7, create(priority="HIGH"): 5}
    with runtime.transaction() as session:
        for task_id, days in ages.items():
            created_at = datetime.now(UTC) - timedelta(days=days)
            session.execute(update(Task).where(Task.id == task_id).values(created_at=created_at))
    for task_id in ages:
        client.patch_json(f"/api/task/{task_id}", {"status": "COMPLETED"})
    relay_once()

    everything, started = client.get(f"{CYCLE}?days=1"), client.get(f"{CYCLE}?start=from_started")
    [group] = client.get(f"{PATH}/cycle-time?priority=HIGH").json["groups"]

    CycleTimeTasksResponse.model_validate_json(everything.text)
    assert ids(everything) == [2, 3, 1]
    assert [one["hours_from_created"] for one in everything.json["results"]] == [168, 120, 48]
    assert ids(started) == [1]
    assert ids(client.get(group["url"])) == [3, 1]
    assert ids(client.get(group["from_started"]["url"])) == [1]


def test_the_page_links_the_numbers_of_changes(client, create, runtime, relay_once):
    client.patch_json(f"/api/task/{create(priority='HIGH')}", {"status": "COMPLETED"})
    relay_once()

    trend, cycle, burndown = (
        client.get(f"{PATH}/{name}?format=html").text for name in ("trend", "cycle-time", "burndown")
    )

    def link(url):
        return f'<a href="{runtime.core.public_url}/reports/open?list={quote(url)}">1</a>'

    assert link(f"{TREND}?number=completed&from={day(0)}&to={day(0)}") in trend
    assert link(f"{CYCLE}?days=90&start=from_created&priority=HIGH") in cycle
    assert link(f"{TREND}?number=scope&from={day(-29)}&to={day(0)}") in burndown
