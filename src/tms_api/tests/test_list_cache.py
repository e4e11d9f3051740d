"""Pages in Redis: a hit equals a miss, and is never older than the last commit."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from webtest import TestApp

from tms_testing.fixtures import Client

DEAD_REDIS = "redis://127.0.0.1:1/0"


@pytest.fixture
def reads_tasks(recorded):
    """Whether doing something reads tasks from the database."""

    def look(action) -> bool:
        with recorded() as statements:
            action()
        return any("FROM task" in statement for statement in statements)

    return look


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


def test_equal_questions_share_a_page_also_between_users(client, client_of, make_user, task, reads_tasks):
    client.get("/api/task?status=PENDING&page_size=5")

    other = client_of(make_user())
    assert not reads_tasks(lambda: other.get("/api/task/?status=PENDING&page_size=5"))


def test_who_has_the_page_already_gets_304_until_a_task_changes(client, task):
    tag = client.get("/api/task").headers["ETag"]
    client.get("/api/task", headers={"If-None-Match": tag}, status=304)

    client.patch_json("/api/task/1", {"title": "U"})

    assert client.get("/api/task", headers={"If-None-Match": tag}, status=200).headers["ETag"] != tag


@pytest.mark.parametrize("me", ["me", "%6D%65", "m%65", "1,me", "me%2Cnone"])
def test_nobody_is_given_anothers_me(client, client_of, make_user, task, me):
    stranger = client_of(make_user())

    assert client.get(f"/api/task?created_by={me}").json["count"] == 1
    assert stranger.get(f"/api/task?created_by={me.replace('1', '99')}").json["count"] == 0


@pytest.mark.parametrize("name", ["ordering", "orderin%67"])
def test_the_order_of_repeated_words_matters(client, name):
    for title, priority in (("a", "LOW"), ("a", "HIGH"), ("b", "LOW")):
        client.post_json("/api/task", {"title": title, "priority": priority})

    by_title = client.get(f"/api/task?ordering=title&{name}=priority").json["results"]
    by_priority = client.get(f"/api/task?{name}=priority&ordering=title").json["results"]

    assert [task["id"] for task in by_title] == [1, 2, 3]
    assert [task["id"] for task in by_priority] == [1, 3, 2]


def test_a_bad_question_is_not_taken_for_a_good_one(client, task):
    client.get("/api/task?q=%EF%BF%BD&status=PENDING")

    client.get("/api/task?q=%FF&status=PENDING", status=400)
    client.get("/api/task?q=%EF%BF%BD%26status=PENDING&status=NO", status=400)


class TestAfterAWrite:
    """A list that is asked for after a write was answered contains it, for everyone, on every process."""

    @pytest.fixture(params=["same user", "another user", "another process"])
    def reader(self, request, client, client_of, make_user, another_process):
        match request.param:
            case "same user":
                return client
            case "another user":
                return client_of(make_user())
            case _:
                return Client(another_process(), client.user)

    def test_of_a_creation(self, client, reader):
        assert titles(reader) == []

        client.post_json("/api/task", {"title": "new"})

        assert titles(reader) == ["new"]

    def test_of_a_change(self, client, task, reader):
        assert titles(reader) == ["T"]

        client.patch_json("/api/task/1", {"title": "changed"})

        assert titles(reader) == ["changed"]

    def test_of_a_deletion(self, client, task, reader):
        assert titles(reader) == ["T"]

        client.delete("/api/task/1")

        assert titles(reader) == []

    def test_of_an_assignees_deletion(self, client, client_of, make_user, reader):
        leaver = make_user("leaver")
        client.post_json("/api/task", {"title": "theirs", "assigned_to": leaver.id})
        assert titles(reader, "assigned_to=none") == []

        client_of(leaver).delete("/api/users/me")

        assert titles(reader, "assigned_to=none") == ["theirs"]


def test_a_refused_change_leaves_the_pages(client, task, reads_tasks):
    client.get("/api/task")

    client.patch_json("/api/task/1", {"title": ""}, status=400)
    client.patch_json("/api/task/1", {"title": "T"}, status=200)

    assert not reads_tasks(lambda: client.get("/api/task"))


def test_everyone_reads_its_own_writes_while_all_write_at_once(app, another_process, client):
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
    """Where one sees only one's own tasks, no page of somebody else's comes out of Redis."""

    @pytest.fixture
    def private(self, another_process):
        return another_process(visibility="private")

    @pytest.mark.parametrize("query", ["", "status=PENDING", "created_by=1", "q=secret"])
    def test_each_gets_its_own_pages_in_whatever_order_they_ask(self, private, make_user, query):
        owner, stranger, admin = make_user(), make_user(), make_user(is_admin=True)
        Client(private, owner).post_json("/api/task", {"title": "secret"})

        for user, expected in [(owner, 1), (stranger, 0), (admin, 1), (stranger, 0), (owner, 1)]:
            assert len(titles(Client(private, user), query)) == expected


class TestRedisAway:
    @pytest.fixture
    def lonely(self, another_process, client):
        """The application without a Redis."""
        return Client(another_process(redis_url=DEAD_REDIS), client.user)

    def test_lists_come_from_the_database(self, lonely, client, task):
        assert titles(lonely) == ["T"]

        client.patch_json("/api/task/1", {"title": "U"})

        assert titles(lonely) == ["U"]

    def test_writing_works(self, lonely, client):
        lonely.post_json("/api/task", {"title": "T"}, status=201)
        lonely.patch_json("/api/task/1", {"title": "U"}, status=200)

        assert titles(lonely) == ["U"]
        lonely.delete("/api/task/1", status=200)
        assert titles(lonely) == []

    def test_who_has_redis_sees_the_change_once_the_relay_has(self, lonely, client, task, relay_once):
        assert titles(client) == ["T"]
        lonely.patch_json("/api/task/1", {"title": "U"})

        relay_once()

        assert titles(client) == ["U"]


class TestRedisRestarted:
    def test_an_old_memory_brings_no_old_page_back(self, client, another_process, task, runtime):
        other = Client(another_process(), client.user)
        assert titles(client) == titles(other) == ["T"]
        memory = {key: runtime.redis.get(key) for key in runtime.redis.keys("tms:*")}
        client.patch_json("/api/task/1", {"title": "U"})

        # What a server does that dies and comes back with its last snapshot.
        runtime.redis.mset(memory)
        runtime.redis.client_kill_filter(_type="normal", skipme=False)

        assert titles(other) == ["U"]
        assert titles(client) == ["U"]

    def test_an_emptied_one_is_filled_again(self, client, task, runtime, reads_tasks):
        assert titles(client) == ["T"]
        runtime.redis.flushall()

        assert titles(client) == ["T"]

        assert not reads_tasks(lambda: titles(client))


def test_no_page_is_kept_where_the_setting_says_so(another_process, client, task, runtime):
    lister = Client(another_process(**{"api.cache_seconds": "0"}), client.user)

    assert titles(lister) == ["T"]

    assert runtime.redis.keys("tms:task:page:*") == []
