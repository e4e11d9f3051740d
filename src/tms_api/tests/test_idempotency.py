"""Idempotency-Key: a repeated POST is executed once and gets the same response."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic

import pytest
from sqlalchemy import event, select, text, update
from webtest import TestApp

from tms_api.idempotency import MAX_KEPT
from tms_api.models import IdempotencyKey
from tms_api.tasks import forget_idempotency_keys
from tms_core import celery
from tms_testing.fixtures import Client

KEPT = ("Content-Type", "ETag", "Location", "Cache-Control")
ANN = {"username": "ann", "email": "ann@example.com", "password": "pass-word-4711"}
PATIENCE = 60


@pytest.fixture
def post(client):
    """Send a POST with a key."""

    def send(path, body, key="k", by=client, **options):
        return by.post_json(path, body, headers={"Idempotency-Key": key}, **options)

    return send


@pytest.fixture
def count(client):
    """Return the number of tasks."""
    return lambda: client.get("/api/task").json["count"]


@pytest.fixture
def keys(runtime):
    """Return the stored keys."""

    def read():
        with runtime.transaction() as session:
            return session.scalars(select(IdempotencyKey)).all()

    return read


@pytest.fixture
def grow_older(runtime):
    """Set the creation time of all keys back."""

    def turn(by: timedelta):
        with runtime.transaction() as session:
            session.execute(update(IdempotencyKey).values(created_at=IdempotencyKey.created_at - by))

    return turn


def undo_of_a_deletion(client, log):
    task = client.post_json("/api/task", {"title": "T"}).json
    client.delete(f"/api/task/{task['id']}")
    return f"/api/task/{task['id']}/undo", {"event_id": log()[-1].position}


REQUESTS = {
    "task": lambda client, log: ("/api/task", {"title": "T"}),
    "user": lambda client, log: ("/api/users", ANN),
    "bulk": lambda client, log: ("/api/task/bulk", {"operations": [{"op": "create", "task": {"title": "T"}}] * 2}),
    "undo": undo_of_a_deletion,
}


@pytest.mark.parametrize("request_of", REQUESTS.values(), ids=REQUESTS)
def test_a_repeated_request_is_executed_once_with_the_same_response(client, post, log, request_of):
    path, body = request_of(client, log)
    first = post(path, body)
    done = log()

    again = post(path + "/", body)

    assert (again.status_int, again.body) == (first.status_int, first.body)
    assert [again.headers.get(name) for name in KEPT] == [first.headers.get(name) for name in KEPT]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert log() == done


def test_the_first_response_is_replayed_after_later_changes(client, post):
    first = post("/api/task", {"title": "T"}, status=201)
    client.patch_json("/api/task/1", {"title": "U"})
    client.delete("/api/task/1")

    assert post("/api/task", {"title": "T"}, status=201).json == first.json


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/task", {"title": "U"}),
        ("/api/task", {"title": ""}),
        ("/api/task?x=1", {"title": "T"}),
        ("/api/task/bulk", {"title": "T"}),
        ("/api/users", ANN),
    ],
)
def test_another_request_with_the_same_key_is_refused(client, post, count, problem, path, body):
    post("/api/task", {"title": "T"})

    problem(post(path, body, status=422))

    assert count() == 1
    assert post("/api/task", {"title": "T"}, status=201).headers["Idempotency-Replayed"]


def test_keys_are_separate_per_user(post, client_of, make_user, count):
    post("/api/task", {"title": "T"})
    other = client_of(make_user())

    theirs = post("/api/task", {"title": "T"}, by=other)

    assert theirs.json["created_by"] == other.user.id
    assert "Idempotency-Replayed" not in theirs.headers
    assert count() == 2


def test_a_repeated_registration_returns_the_same_account(app):
    headers = {"Idempotency-Key": "k"}

    first = app.post_json("/api/users", ANN, headers=headers, status=201)

    again = app.post_json("/api/users", ANN, headers=headers, status=201)
    assert again.body == first.body
    assert again.headers["Idempotency-Replayed"] == "true"


def test_anonymous_clients_with_the_same_key_do_not_conflict(app, runtime):
    """Also from one address: the second client neither learns that the key was used nor gets the other's response."""
    headers = {"Idempotency-Key": "1"}
    bob = {**ANN, "username": "bob", "email": "bob@example.com"}

    first = app.post_json("/api/users", ANN, headers=headers, status=201)
    second = app.post_json("/api/users", bob, headers=headers, status=201)

    assert (first.json["username"], second.json["username"]) == ("ann", "bob")
    assert "Idempotency-Replayed" not in second.headers
    # A client that knows the name but not the password does not get the response either.
    app.post_json("/api/users", {**ANN, "password": "another-word"}, headers=headers, status=409)


def test_anonymous_keys_do_not_collide_with_a_users(app, client, post):
    app.post_json("/api/users", ANN, headers={"Idempotency-Key": "k"}, status=201)

    post("/api/task", {"title": "T"}, status=201)


class TestBounds:
    def bulk(self, number):
        task = {"title": "T", "description": "d" * 900}
        return {"operations": [{"op": "create", "task": task}] * number}

    def test_a_response_that_is_too_long_is_not_stored(self, post, count, keys, problem):
        first = post("/api/task/bulk", self.bulk(80), status=200)
        assert len(first.body) > MAX_KEPT

        again = post("/api/task/bulk", self.bulk(80), status=409)

        document = problem(again)
        assert document["original_status"] == 200
        assert "too long to be stored" in document["detail"]
        assert again.headers["Idempotency-Replayed"] == "true"
        assert "Retry-After" not in again.headers
        assert count() == 80
        assert [row.body for row in keys()] == [None]
        post("/api/task/bulk", self.bulk(1), status=422)

    def test_a_response_of_the_maximum_length_is_stored(self, post, monkeypatch):
        first = post("/api/task", {"title": "T"}, key="a", status=201)
        monkeypatch.setattr("tms_api.idempotency.MAX_KEPT", len(first.body))

        kept = post("/api/task", {"title": "T"}, key="b", status=201)
        longer = post("/api/task", {"title": "TT"}, key="c", status=201)

        assert len(longer.body) == len(kept.body) + 1
        assert post("/api/task", {"title": "T"}, key="b").body == kept.body
        post("/api/task", {"title": "TT"}, key="c", status=409)

    def test_the_longest_task_response_is_stored(self, post):
        """U+0001 takes six bytes in JSON, more than any other character."""
        body = {"title": "T" + "\x01" * 198 + "T", "description": "\x01" * 10_000}

        first = post("/api/task", body, status=201)

        assert len(first.body) > 60_000
        assert post("/api/task", body, status=201).body == first.body

    @pytest.fixture
    def bounded(self, another_process, client):
        """Send a request with a key to a process with a quota of three keys per user."""
        process = Client(another_process(**{"api.idempotency_keys_per_user": "3"}), client.user)
        return lambda key, **options: process.post_json(
            "/api/task", {"title": "T"}, headers={"Idempotency-Key": key}, **options
        )

    def test_a_key_beyond_the_quota_is_refused_and_the_others_stay_valid(self, bounded, count, problem, keys):
        for key in "abc":
            bounded(key, status=201)

        refused = bounded("d", status=429)

        assert "3 Idempotency-Keys" in problem(refused)["detail"]
        assert refused.headers["RateLimit-Policy"] == '"idempotency-keys-day";q=3;w=86400'
        assert 86_000 < int(refused.headers["Retry-After"]) <= 86_400
        assert bounded("a", status=201).headers["Idempotency-Replayed"] == "true"
        assert count() == len(keys()) == 3

    def test_expired_keys_make_room(self, bounded, grow_older):
        for key in "abc":
            bounded(key, status=201)
        grow_older(timedelta(hours=25))

        bounded("d", status=201)

    def test_the_quota_is_per_user_and_only_for_requests_with_a_key(self, bounded, client, post, client_of, make_user):
        for key in "abc":
            bounded(key, status=201)

        post("/api/task", {"title": "T"}, key="d", by=client_of(make_user()), status=201)
        client.post_json("/api/task", {"title": "T"}, status=201)

    def test_the_quota_does_not_count_anonymous_callers(self, another_process, runtime):
        process = another_process(**{"api.idempotency_keys_per_user": "1"})
        for name in ("ann", "bob", "eve"):
            body = {**ANN, "username": name, "email": f"{name}@example.com"}
            process.post_json("/api/users", body, headers={"Idempotency-Key": "1"}, status=201)


def test_requests_without_a_key_are_all_executed(client, count, keys):
    client.post_json("/api/task", {"title": "T"})
    client.post_json("/api/task", {"title": "T"})

    assert count() == 2
    assert keys() == []


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 256, "ü", "k\tk"])
def test_an_invalid_key_is_named(post, problem, key):
    document = problem(post("/api/task", {"title": "T"}, key=key, status=400))

    assert [(fault["in"], fault["field"]) for fault in document["errors"]] == [("header", "Idempotency-Key")]


def test_a_key_may_have_255_characters_of_any_visible_kind(post, count):
    key = "".join(map(chr, range(0x21, 0x7F))).ljust(255, "k")

    post("/api/task", {"title": "T"}, key=key, status=201)
    post("/api/task", {"title": "T"}, key=key, status=201)

    assert count() == 1


class TestFailedRequests:
    """A failed request stores no key; the corrected request can use the same key."""

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("/api/task", {"title": ""}, 400),
            ("/api/task", {"title": "T", "created_by": 99}, 403),
            ("/api/task", {"title": "T", "assigned_to": 99}, 400),
            ("/api/task/99/undo", {"event_id": 1}, 404),
            ("/api/users", {**ANN, "username": "user1"}, 409),
            ("/api/task/bulk", {"operations": [{"op": "delete", "id": 99}]}, 404),
        ],
    )
    def test_an_error_response_stores_no_key(self, post, keys, count, path, body, status):
        post(path, body, status=status)
        assert keys() == []

        post("/api/task", {"title": "T"}, status=201)

        assert count() == 1

    def test_a_body_that_is_too_long_stores_no_key(self, post, keys, problem):
        problem(post("/api/task", {"title": "T", "description": "D" * 1_100_000}, status=413))

        assert keys() == []

    @pytest.mark.parametrize(("sqlstate", "status"), [("22012", 500), ("40001", 503)])
    def test_a_server_error_stores_no_key(self, refuse_commits, post, keys, count, sqlstate, status):
        with refuse_commits(sqlstate):
            post("/api/task", {"title": "T"}, status=status)
        assert keys() == []

        post("/api/task", {"title": "T"}, status=201)

        assert count() == 1


class TestWhileTheFirstRuns:
    @pytest.fixture
    def of(self, app, client):
        """Return a client for use in a thread."""
        return lambda: Client(TestApp(app.app), client.user)

    @pytest.fixture
    def held(self, runtime):
        """A transaction that the test ends explicitly."""
        with runtime.sessions() as session:
            yield session

    @pytest.fixture
    def await_locks(self, runtime):
        """Wait until a number of requests wait for a lock."""

        def wait(number, futures):
            until = monotonic() + PATIENCE
            waiting = text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            with runtime.engine.connect() as observer:
                while observer.scalar(waiting) < number:
                    observer.rollback()
                    assert not any(future.done() for future in futures)
                    assert monotonic() < until

        return wait

    def test_the_second_request_waits_and_gets_the_first_response(self, of, post, held, make_user, await_locks, count):
        assignee = make_user()
        # The first needs the assignee's row, which is locked.
        held.execute(text("SELECT FROM users WHERE id = :id FOR UPDATE"), {"id": assignee.id})
        body = {"title": "T", "assigned_to": assignee.id}

        with ThreadPoolExecutor(3) as threads:
            futures = [threads.submit(post, "/api/task", body, by=of()) for _ in range(3)]
            await_locks(3, futures)
            held.commit()
            answers = [future.result(PATIENCE) for future in futures]

        assert {(answer.status_int, answer.body) for answer in answers} == {(201, answers[0].body)}
        assert sorted("Idempotency-Replayed" in answer.headers for answer in answers) == [False, True, True]
        assert count() == 1

    def test_concurrent_requests_create_one_task(self, client, at_once, post, count):
        answers = at_once(*[(client.user, lambda me: post("/api/task", {"title": "T"}, by=me))] * 6)

        assert {answer.body for answer in answers} == {answers[0].body}
        assert count() == 1

    @pytest.mark.parametrize("seconds", [0, 25 * 3600])
    def test_concurrent_requests_with_an_old_key_create_one_task(
        self, client, at_once, post, count, grow_older, seconds
    ):
        post("/api/task", {"title": "T"})
        grow_older(timedelta(seconds=seconds))

        answers = at_once(*[(client.user, lambda me: post("/api/task", {"title": "T"}, by=me))] * 4)

        assert {answer.body for answer in answers} == {answers[0].body}
        assert count() == (2 if seconds else 1)

    @pytest.fixture
    def short_lock_timeout(self, runtime):
        """Sets the lock timeout to 50 ms instead of 5 s."""

        def set_timeout(connection):
            connection.exec_driver_sql("SET LOCAL lock_timeout = 50")

        event.listen(runtime.engine, "begin", set_timeout)
        yield
        event.remove(runtime.engine, "begin", set_timeout)

    def test_a_request_that_waits_too_long_is_409_with_retry_after(
        self, client, held, post, problem, count, short_lock_timeout
    ):
        held.add(IdempotencyKey(owner=client.user.id, key="k", fingerprint=b""))
        held.flush()

        answer = post("/api/task", {"title": "T"}, status=409)

        problem(answer)
        assert int(answer.headers["Retry-After"]) > 0
        assert count() == 0
        held.rollback()
        post("/api/task", {"title": "T"}, status=201)

    def test_a_crashed_request_does_not_block_the_next(self, runtime, client, of, held, post, await_locks, count):
        held.add(IdempotencyKey(owner=client.user.id, key="k", fingerprint=b""))
        held.flush()
        its_process = held.scalar(text("SELECT pg_backend_pid()"))

        with ThreadPoolExecutor(1) as thread:
            second = thread.submit(post, "/api/task", {"title": "T"}, by=of())
            await_locks(1, [second])
            with runtime.transaction() as session:
                session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": its_process})
            answer = second.result(PATIENCE)
        held.invalidate()

        assert answer.status_int == 201
        assert "Idempotency-Replayed" not in answer.headers
        assert count() == 1


class TestAge:
    def test_a_key_is_valid_for_a_day(self, post, count, grow_older):
        post("/api/task", {"title": "T"})

        grow_older(timedelta(hours=23, minutes=59))
        post("/api/task", {"title": "T"})
        assert count() == 1

        grow_older(timedelta(minutes=2))
        post("/api/task", {"title": "T"}, status=201)
        assert count() == 2

    def test_an_expired_key_can_be_used_for_another_request(self, post, grow_older):
        post("/api/task", {"title": "T"})
        grow_older(timedelta(hours=25))

        assert post("/api/task", {"title": "U"}, status=201).json["title"] == "U"

    def test_the_beat_task_deletes_expired_keys(self, runtime, post, keys, grow_older):
        post("/api/task", {"title": "T"}, key="old")
        grow_older(timedelta(hours=25))
        post("/api/task", {"title": "T"}, key="young")
        celery.use(runtime)

        forget_idempotency_keys()

        assert [row.key for row in keys()] == ["young"]

    def test_the_beat_entry_exists(self, runtime):
        entry = runtime.registry.beat_entries["forget_idempotency_keys"]

        assert entry.task == forget_idempotency_keys.name
        assert 0 < entry.schedule(runtime) <= 24 * 3600


class TestSecrets:
    def test_no_password_is_stored(self, runtime, post):
        post("/api/users", ANN)

        with runtime.transaction() as session:
            row = session.scalar(text("SELECT to_jsonb(api_idempotency_key)::text FROM api_idempotency_key"))
            body = session.scalar(text("SELECT convert_from(body, 'UTF8') FROM api_idempotency_key"))
        assert "username" in body
        assert ANN["password"] not in row + body
        assert ANN["password"].encode().hex() not in row

    def test_the_fingerprint_cannot_be_computed_without_the_server_key(self, another_process, runtime, keys):
        body = json.dumps(ANN)
        headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
        prints = []

        for key in ("4f1a8c7e2b90d365" * 4, "90d3654f1a8c7e2b" * 4):
            another_process(jwt_private_key=key).post("/api/users", body, headers=headers, status=201)
            prints.append(keys()[0].fingerprint)
            with runtime.transaction() as session:
                session.execute(text("DELETE FROM api_idempotency_key"))
                session.execute(text("DELETE FROM users WHERE username = 'ann'"))

        assert prints[0] != prints[1]
