"""Permissions: the table of contract section 4, checked over HTTP."""

import pytest

from tms_testing.fixtures import Client

# The status of each method; for the list, whether it contains the task.
TEAM = """
                     list get put patch delete creator
creator              yes  200 200 200   200    403
assignee             yes  200 200 200   403    403
creator-and-assignee yes  200 200 200   200    403
stranger             yes  200 403 403   403    403
admin                yes  200 200 200   200    200
"""
PRIVATE = """
                     list get put patch delete creator
creator              yes  200 200 200   200    403
assignee             yes  200 200 200   403    403
creator-and-assignee yes  200 200 200   200    403
stranger             no   404 404 404   404    404
admin                yes  200 200 200   200    200
"""


def cells(visibility: str, table: str):
    head, *rows = (line.split() for line in table.strip().splitlines())
    for actor, *answers in rows:
        for verb, answer in zip(head, answers, strict=True):
            yield pytest.param(visibility, actor, verb, answer, id=f"{visibility}-{actor}-{verb}")


@pytest.fixture
def people(make_user):
    """The actors by their relation to the task."""
    return {
        "creator": make_user("creator"),
        "assignee": make_user("assignee"),
        "stranger": make_user("stranger"),
        "admin": make_user("admin", is_admin=True),
    }


@pytest.fixture
def applications(app, another_process):
    return {"team": app, "private": another_process(visibility="private")}


def ask(client: Client, verb: str, new_creator: int) -> str:
    """Return the client's results for task 1."""
    if verb == "list":
        return "yes" if 1 in [task["id"] for task in client.get("/api/task").json["results"]] else "no"
    answer = {
        "get": lambda: client.get("/api/task/1", expect_errors=True),
        "put": lambda: client.put_json("/api/task/1", {"title": "U"}, expect_errors=True),
        "patch": lambda: client.patch_json("/api/task/1", {"title": "U"}, expect_errors=True),
        "delete": lambda: client.delete("/api/task/1", expect_errors=True),
        "creator": lambda: client.patch_json("/api/task/1", {"created_by": new_creator}, expect_errors=True),
    }[verb]()
    return str(answer.status_int)


@pytest.mark.parametrize(("visibility", "actor", "verb", "answer"), [*cells("team", TEAM), *cells("private", PRIVATE)])
def test_permissions_are_those_of_the_contract(applications, client_of, people, visibility, actor, verb, answer):
    assignee = people["creator" if actor == "creator-and-assignee" else "assignee"]
    creator = client_of(people["creator"])
    before = creator.post_json("/api/task", {"title": "T", "assigned_to": assignee.id}).json
    client = Client(applications[visibility], people[actor.partition("-")[0]])

    assert ask(client, verb, people["stranger"].id) == answer

    if answer in ("403", "404"):
        assert creator.get("/api/task/1").json == before


def test_an_unassigned_user_no_longer_sees_a_private_task(applications, people):
    creator, assignee = (Client(applications["private"], people[name]) for name in ("creator", "assignee"))
    creator.post_json("/api/task", {"title": "T", "assigned_to": assignee.user.id})
    assert assignee.get("/api/task").json["count"] == 1

    assignee.patch_json("/api/task/1", {"assigned_to": None}, status=200)

    assignee.get("/api/task/1", status=404)
    assert assignee.get("/api/task").json["count"] == 0


def test_a_version_does_not_reveal_an_invisible_task(applications, people, problem):
    Client(applications["private"], people["creator"]).post_json("/api/task", {"title": "T"})
    stranger = Client(applications["private"], people["stranger"])

    document = problem(stranger.patch_json("/api/task/1", {"title": "U", "version": 9}, status=404))

    assert "current" not in document
