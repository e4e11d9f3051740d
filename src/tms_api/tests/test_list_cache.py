"""The page cache: a hit equals a miss, and is never older than the last commit."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from webtest import TestApp

from tms_testing.fixtures import Client

DEAD_REDIS = "redis://127.0.0.1:1/0"


@pytest.fixture
def reads_tasks(recorded):
    """Whether a call reads tasks from the database."""

    def read(action) -> bool:
        with recorded() as statements:
            action()
        return any("FROM task" in statement for statement in statements)

    return read


@pytest.fixture
def task(client):
    return client.post_json("/api/task", {"title": "T"}).json


def titles(client, query=""):
    return [task["title"] for task in client.get(f"/api/task?{query}").json["results"]]


def test_a_hit_equals_the_miss_and_needs_no_database(client, task, reads_tasks):
    answers = []

    assert reads_tasks(lambda: answers.append(client.get("/api/task?status=PENDING")))
    assert not reads_tasks(lambda: answers.append(client.get("/api/task?status=PENDING")))

    miss, hit = answers
    assert hit.body == miss.body
    assert hit.headers["ETag"] == miss.headers["ETag"]
    assert hit.content_type == miss.content_type


def test_equal_queries_share_a_page_between_users(client, client_of, make_user, task, reads_tasks):
    client.get("/api/task?status=PENDING&page_size=5")

    other = client_of(make_user())
    assert not reads_tasks(lambda: other.get("/api/task/?status=PENDING&page_size=5"))


def test_a_current_etag_gets_304_until_a_task_changes(client, task):
    tag = client.get("/api/task").headers["ETag"]
    client.get("/api/task", headers={"If-None-Match": tag}, status=304)

    client.patch_json("/api/task/1", {"title": "U"})

    assert client.get("/api/task", headers={"If-None-Match": tag}, status=200).headers["ETag"] != tag


@pytest.mark.parametrize("me", ["me", "%6D%65", "m%65", "1,me", "me%2Cnone"])
def test_pages_with_me_are_not_shared(client, client_of, make_user, task, me):
    stranger = client_of(make_user())

    assert client.get(f"/api/task?created_by={me}").json["count"] == 1
    assert stranger.get(f"/api/task?created_by={me.replace('1', '99')}").json["count"] == 0


@pytest.mark.parametrize("name", ["ordering", "orderin%67"])
def test_the_order_of_repeated_parameters_matters(client, name):
    for title, priority in (("a", "LOW"), ("a", "HIGH"), ("b", "LOW")):
        client.post_json("/api/task", {"title": title, "priority": priority})

    by_title = client.get(f"/api/task?ordering=title&{name}=priority").json["results"]
    by_priority = client.get(f"/api/task?{name}=priority&ordering=title").json["results"]

    assert [task["id"] for task in by_title] == [1, 2, 3]
    assert [task["id"] for task in by_priority] == [1, 3, 2]


def test_an_invalid_query_is_not_served_from_the_cache(client, task):
    client.get("/api/task?q=%EF%BF%BD&status=PENDING")

    client.get("/api/task?q=%FF&status=PENDING", status=400)
    client.get("/api/task?q=%EF%BF%BD%26status=PENDING&status=NO", status=400)


class TestAfterAWrite:
    """A list requested after the response to a write contains the write, for all users and in all processes."""

    @pytest.fixture(params=["same user", "another user", "another process"])
    def reader(self, request, client, client_of, make_user, another_process):
        match request.param:
            case "same user":
                return client
            case "another user":
                return client_of(make_user())
            case _:
                return Client(another_process(), client.user)

    def test_a_creation_is_visible(self, client, reader):
        assert titles(reader) == []

        client.post_json("/api/task", {"title": "new"})

        assert titles(reader) == ["new"]

    def test_a_change_is_visible(self, client, task, reader):
        assert titles(reader) == ["T"]

        client.patch_json("/api/task/1", {"title": "changed"})

        assert titles(reader) == ["changed"]

    def test_a_deletion_is_visible(self, client, task, reader):
        assert titles(reader) == ["T"]

        client.delete("/api/task/1")

        assert titles(reader) == []

    def test_an_assignees_deletion_is_visible(self, client, client_of, make_user, reader):
        leaver = make_user("leaver")
        client.post_json("/api/task", {"title": "theirs", "assigned_to": leaver.id})
        assert titles(reader, "assigned_to=none") == []

        client_of(leaver).delete("/api/users/me")

        assert titles(reader, "assigned_to=none") == ["theirs"]


def test_a_refused_change_does_not_invalidate_pages(client, task, reads_tasks):
    client.get("/api/task")

    client.patch_json("/api/task/1", {"title": ""}, status=400)
    client.patch_json("/api/task/1", {"title": "T"}, status=200)

    assert not reads_tasks(lambda: client.get("/api/task"))


def test_concurrent_writers_read_their_own_writes(app, another_process, client):
    processes = [app, another_process()]

    def write_and_read(number: int) -> None:
        mine = Client(TestApp(processes[number % 2].app), client.user)
        other = Client(TestApp(processes[1 - number % 2].app), client.user)
        for _ in range(8):
            new = mine.post_json("/api/task", {"title": "T"}).json["id"]
            assert new in [task["id"] for task in other.get("/api/task?page_size=200").json["results"]]

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write_and_read, range(4)))

    assert client.get("/api/task").json["count"] == 32


class TestPrivate:
    """With private visibility, cached pages are not shared between users."""

    @pytest.mark.parametrize("query", ["", "status=PENDING", "created_by=1", "q=secret"])
    def test_each_user_gets_its_own_pages(self, private, make_user, query):
        owner, stranger, admin = make_user(), make_user(), make_user(is_admin=True)
        Client(private, owner).post_json("/api/task", {"title": "secret"})

        for user, expected in [(owner, 1), (stranger, 0), (admin, 1), (stranger, 0), (owner, 1)]:
            assert len(titles(Client(private, user), query)) == expected


class TestRedisUnavailable:
    @pytest.fixture
    def without_redis(self, another_process, client):
        """An API process without Redis."""
        return Client(another_process(redis_url=DEAD_REDIS), client.user)

    def test_lists_come_from_the_database(self, without_redis, client, task):
        assert titles(without_redis) == ["T"]

        client.patch_json("/api/task/1", {"title": "U"})

        assert titles(without_redis) == ["U"]

    def test_tasks_are_written_without_redis(self, without_redis, client):
        without_redis.post_json("/api/task", {"title": "T"}, status=201)
        without_redis.patch_json("/api/task/1", {"title": "U"}, status=200)

        assert titles(without_redis) == ["U"]
        without_redis.delete("/api/task/1", status=200)
        assert titles(without_redis) == []

    def test_processes_with_redis_see_the_change_after_the_relay_ran(self, without_redis, client, task, relay_once):
        assert titles(client) == ["T"]
        without_redis.patch_json("/api/task/1", {"title": "U"})

        relay_once()

        assert titles(client) == ["U"]


class TestRedisRestarted:
    def test_a_restored_snapshot_brings_no_outdated_page_back(self, client, another_process, task, runtime):
        other = Client(another_process(), client.user)
        assert titles(client) == titles(other) == ["T"]
        memory = {key: runtime.redis.get(key) for key in runtime.redis.keys("tms:*")}
        client.patch_json("/api/task/1", {"title": "U"})

        # Simulates a Redis server that restarts from its last snapshot.
        runtime.redis.mset(memory)
        runtime.redis.client_kill_filter(_type="normal", skipme=False)

        assert titles(other) == ["U"]
        assert titles(client) == ["U"]

    def test_a_flushed_redis_is_filled_again(self, client, task, runtime, reads_tasks):
        assert titles(client) == ["T"]
        runtime.redis.flushall()

        assert titles(client) == ["T"]

        assert not reads_tasks(lambda: titles(client))


def test_zero_seconds_turn_the_cache_off(another_process, client, task, runtime):
    lister = Client(another_process(**{"api.cache_seconds": "0"}), client.user)

    assert titles(lister) == ["T"]

    assert runtime.redis.keys("tms:task:page:*") == []
