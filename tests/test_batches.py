"""Batch lookups in `tms api`, over sockets: which requests wait together, and what becomes of them."""

import json
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from served import PATIENCE, connected, is_served, said, serving, wait_until
from waiting_package import RunningRequests

from tms_testing.fixtures import Client

REQUESTS_PER_DAY = 60


@pytest.fixture(scope="module")
def packages(importable_tests):
    return ("tms_api", "waiting_package")


@pytest.fixture(scope="module")
def settings():
    return {"tms.api_workers": "1", "tms.visibility": "private"}


@pytest.fixture(scope="module")
def port(ini_file, _system):
    with serving(ini_file) as (_, port):
        yield port


@pytest.fixture
def running():
    with RunningRequests(PATIENCE) as running:
        yield running


class Waiting:
    """Connections whose requests the server has received, the first of which is being looked up."""

    def __init__(self, port, running, user, queries):
        self._stack = ExitStack()
        self._connections = [self._stack.enter_context(connected(port)) for _ in queries]
        self._other = self._stack.enter_context(connected(port))
        for connection in (*self._connections, self._other):
            self._complete(connection)
        for number, (connection, query) in enumerate(zip(self._connections, queries, strict=True)):
            connection.request("GET", f"{running.lookup_path}?{query}", headers=user.headers)
            if number == 0:
                running.wait_for(1)
        # The event loop has received all that was sent before this.
        self._complete(self._other)

    @staticmethod
    def _complete(connection):
        connection.request("GET", "/api/health")
        assert connection.getresponse().read()

    def batches(self):
        """Return the size of the batch in which each request was answered; 0 for the view."""
        return [self._batch(connection.getresponse()) for connection in self._connections]

    @staticmethod
    def _batch(answer):
        assert answer.status == 200
        return json.load(answer)["batch"]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._stack.close()


def test_requests_that_wait_together_are_one_batch(port, ann, running):
    with Waiting(port, running, ann, [""] * 8) as waiting:
        running.let_finish()
        running.wait_for(1)
        running.let_finish()

        assert waiting.batches() == [1] + [7] * 7


def test_a_batch_has_a_maximum(port, make_user, running):
    with (
        Waiting(port, running, make_user(), [""] * 40) as waiting,
        Waiting(port, Silent(running), make_user(), [""] * 40) as more,
    ):
        for _ in range(2):
            running.let_finish()
            running.wait_for(1)
        running.let_finish()

        assert waiting.batches() + more.batches() == [1] + [64] * 64 + [15] * 15


def test_requests_without_a_response_are_answered_by_the_view(port, ann, running):
    with Waiting(port, running, ann, ["", "", "view", "", "view"]) as waiting:
        running.let_finish()
        running.wait_for(1)
        running.let_finish()

        assert waiting.batches() == [1, 4, 0, 4, 0]


def test_a_lookup_that_fails_leaves_its_batch_to_the_view_and_the_next_is_looked_up(port, ann, running):
    with Waiting(port, running, ann, ["", "", "fail"]) as waiting:
        running.let_finish()
        running.wait_for(1)
        running.let_finish()
        assert waiting.batches() == [1, 0, 0]

    with Waiting(port, running, ann, [""]) as waiting:
        running.let_finish()
        assert waiting.batches() == [1]


def test_a_lookup_that_waits_delays_no_other_route(port, as_ann, ann, running):
    as_ann.post_json("/api/task", {"title": "One"})
    with Waiting(port, running, ann, [""]) as waiting, connected(port) as connection:
        for path in ("/api/task/1", "/api/task", "/api/health"):
            connection.request("GET", path, headers=ann.headers)
            assert connection.getresponse().read()
        running.let_finish()
        assert waiting.batches() == [1]


def test_a_client_that_leaves_its_batch_does_not_affect_the_others(port, ann, running):
    with Waiting(port, running, ann, [""] * 3) as waiting:
        with Waiting(port, Silent(running), ann, [""] * 3):
            pass
        running.let_finish()
        running.wait_for(1)
        running.let_finish()

        assert waiting.batches() == [1, 5, 5]


class Silent:
    """Running requests that are in a queue."""

    def __init__(self, running):
        self.lookup_path = running.lookup_path

    def wait_for(self, count):
        pass


def test_sigterm_lets_requests_in_the_queue_finish(ini_file, ann, running):
    with serving(ini_file) as (process, port), Waiting(port, running, ann, ["", "", "view"]) as waiting:
        process.send(signal.SIGTERM)
        wait_until(lambda: not is_served(port))
        running.let_finish()
        running.wait_for(1)
        running.let_finish()

        assert waiting.batches() == [1, 2, 0]
        assert process.end() == 0
        assert process.living() == {}


def test_pipelined_requests_of_several_routes_are_answered_in_order(port, as_ann, ann):
    for number in range(3):
        as_ann.post_json("/api/task", {"title": f"Task {number}"})
    fields = f"Host: x\r\nAuthorization: Bearer {ann.access}\r\n\r\n"
    paths = ["/api/task/2", "/api/task", "/api/health", "/api/task/1", "/api/task/3", "/api/task/99"]

    heard = said(port, "".join(f"GET {path} HTTP/1.1\r\n{fields}" for path in paths).encode(), responses=len(paths))

    assert re.findall(rb"HTTP/1.1 (\d+)", heard) == [b"200"] * 5 + [b"404"]
    assert re.findall(rb'"title":"Task (\d)"', heard) == [b"1", b"2", b"1", b"0", b"0", b"2"]


class TestManyConnections:
    """Users with one keep-alive connection each, who all send requests at once."""

    ROUNDS = 12

    @pytest.fixture
    def port(self, ini_file, app, monkeypatch):
        """A server that counts the requests of each user."""
        monkeypatch.setenv("TMS_API_LIMIT_USER", f"{REQUESTS_PER_DAY}/day")
        with serving(ini_file) as (_, port):
            yield port

    @pytest.fixture
    def users(self, make_user, client_of):
        """Users and one task of each."""
        found = {}
        for _ in range(8):
            user = make_user()
            found[user] = client_of(user).post_json("/api/task", {"title": f"Task of {user.username}"}).json
        return found

    def test_each_gets_its_own_answers(self, port, app, users, make_user):
        (revoked, _), (spent, _), (absent, _), *ordinary = users.items()
        Client(app, revoked).post("/api/token/revoke-all")
        with connected(port) as connection:
            statuses = [ask(connection, "/api/task", spent.access)[0] for _ in range(REQUESTS_PER_DAY)]
            # Until the server knows of the revocation.
            wait_until(lambda: status_of(port, revoked.access) == 401)
        assert set(statuses) <= {200, 429}

        def own_answers(user, task, others):
            with connected(port) as connection:
                return [of_user(connection, user, task, others) for _ in range(self.ROUNDS // 4)]

        def of_user(connection, user, task, others):
            status, tag, one = ask(connection, f"/api/task/{task['id']}", user.access)
            unchanged = ask(connection, f"/api/task/{task['id']}", user.access, tag)
            hidden = ask(connection, f"/api/task/{others['id']}", user.access)
            page = ask(connection, "/api/task", user.access)
            return (
                (status, one) == (200, task),
                (unchanged[0], unchanged[2]) == (304, None),
                hidden[0] == 404,
                [each["id"] for each in page[2]["results"]] == [task["id"]],
            )

        def refused(token):
            with connected(port) as connection:
                paths = [f"/api/task/{number}" for number in range(1, 1 + self.ROUNDS)]
                return {ask(connection, path, token)[0] for path in paths}

        with ThreadPoolExecutor(8) as threads:
            own = [threads.submit(own_answers, user, task, users[absent]) for user, task in ordinary]
            tokens = [(revoked.access, 401), (f"{absent.access}x", 401), (spent.access, 429)]
            others = [(threads.submit(refused, token), status) for token, status in tokens]

            for one in own:
                assert one.result(PATIENCE) == [(True, True, True, True)] * (self.ROUNDS // 4)
            for one, status in others:
                assert one.result(PATIENCE) == {status}


def ask(connection, path, token, tag=None):
    """Return status, entity tag and JSON body."""
    headers = {"Authorization": f"Bearer {token}", **({"If-None-Match": tag} if tag else {})}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    return answer.status, answer.headers["ETag"], json.loads(body) if body else None


def status_of(port, token):
    with connected(port) as connection:
        return ask(connection, "/api/task", token)[0]
