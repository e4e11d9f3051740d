"""Batch lookups of the task list and of single tasks: the responses of the views, whatever the requests."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import jwt
import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from pyramid.interfaces import INewRequest
from pyramid.request import Request
from sqlalchemy import text

from tms_core.single_statements import SingleStatements
from tms_core.web.lookup_responses import LookupResponse
from tms_testing.fixtures import Client

KEY = "5f0c2a9be3d144778a7e0d9a3c1b2f4e"
PROXY, STRANGER = "10.0.0.1", "203.0.113.9"
OURS, THEIRS = "https://app.example.com", "https://evil.example.com"
DEAD_DATABASE = "postgresql://tms@127.0.0.1:1/tms"
CORS = {"trusted_proxies": "10.0.0.0/8", "cors_origins": OURS}
SYSTEMS = {
    "development": {},
    "proxies and origins": CORS,
    "all origins": {"cors_origins": "*"},
    "production": {**CORS, "environment": "production", "public_url": "https://tasks.example.com/tms"},
    "private": {"visibility": "private"},
    "no cache": {"api.cache_seconds": "0"},
}


@pytest.fixture(scope="module")
def settings():
    return {"tms.jwt_private_key": KEY}


@dataclass(frozen=True)
class Sent:
    """A request: `headers` are keys of the WSGI environ; a value of None removes one."""

    query: str = ""
    path: str = "/api/task"
    method: str = "GET"
    headers: dict[str, str | None] = field(default_factory=dict)
    body: bytes = b""

    def environ(self) -> dict[str, Any]:
        environ = Request.blank("/", method=self.method, body=self.body).environ
        environ |= {"PATH_INFO": self.path, "QUERY_STRING": self.query, "REMOTE_ADDR": STRANGER}
        environ |= {name: value for name, value in self.headers.items() if value is not None}
        for name, value in self.headers.items():
            if value is None:
                environ.pop(name, None)
        return environ


@dataclass(frozen=True)
class Answer:
    status: str
    headers: list[tuple[str, str]]
    body: bytes
    in_pyramid: bool

    @property
    def comparable(self) -> tuple[Any, ...]:
        """The answer without random ids, and the header fields in any order."""
        request_id = dict(self.headers)["X-Request-ID"]
        fields = sorted((name, value.replace(request_id, "ID")) for name, value in self.headers)
        return self.status, fields, self.body.replace(request_id.encode(), b"ID")


class BothWays:
    """One API process, asked with and without the batch lookups."""

    def __init__(self, router: Any):
        self._router = router
        self._policy = router.registry.batch_lookups
        self._seen: list[Any] = []
        router.registry.registerHandler(self._seen.append, (INewRequest,))
        router.registry.has_listeners = True

    def ask(self, sent: Sent, *, lookup: bool = True) -> Answer:
        self._seen.clear()
        policy = self._policy if lookup else self._policy.pass_on
        environ = sent.environ()
        response = policy(environ, self._router)
        return self._answer(response, environ)

    def _answer(self, response: Any, environ: dict[str, Any]) -> Answer:
        started: list[Any] = []
        body = b"".join(response(environ, lambda status, headers, exc_info=None: started.append((status, headers))))
        return Answer(*started[0], body, bool(self._seen))

    def ask_together(self, requests: list[Sent]) -> list[Answer]:
        """Return the answers to requests that wait together, as in `tms api`: one batch per route, then the views."""
        environs = [one.environ() for one in requests]
        plain = [self._policy.routes.match(environ) for environ in environs]
        responses: dict[int, Any] = {}
        for route in self._policy.routes:
            places = [place for place, one in enumerate(plain) if one is not None and one.route is route]
            responses.update(zip(places, self._policy.answer(route, [plain[place] for place in places]), strict=True))
        answers = []
        for place, environ in enumerate(environs):
            self._seen.clear()
            answers.append(self._answer(responses.get(place) or self._policy(environ, self._router), environ))
        return answers

    def compare(self, sent: Sent) -> Answer:
        """Return the answer with the lookup, having seen that it equals that without."""
        self.ask(sent, lookup=False)
        expected, found = self.ask(sent, lookup=False), self.ask(sent)
        assert found.comparable == expected.comparable
        return found


@pytest.fixture(params=SYSTEMS)
def system(request, another_process) -> BothWays:
    return BothWays(another_process(**SYSTEMS[request.param]).app)


@pytest.fixture
def ways(app) -> BothWays:
    return BothWays(app.app)


@pytest.fixture
def bearer(client) -> dict[str, str]:
    for number in range(3):
        client.post_json("/api/task", {"title": f"Task {number}", "assigned_to": client.user.id})
    return {"HTTP_AUTHORIZATION": f"Bearer {client.user.access}"}


TASK, OTHERS_TASK = "/api/task/1", "/api/task/4"


@pytest.fixture
def others_task(bearer, client_of, make_user) -> None:
    """A fourth task, which only its creator sees in a private system."""
    client_of(make_user()).post_json("/api/task", {"title": "Theirs", "due_date": "2030-01-31"})


def test_a_cached_page_does_not_reach_pyramid(ways, bearer):
    assert ways.ask(Sent(headers=bearer)).in_pyramid
    assert not ways.ask(Sent(headers=bearer)).in_pyramid
    assert not ways.ask(Sent(path="/api/task/", headers=bearer)).in_pyramid


@pytest.mark.parametrize("path", ["/api/task", "/api/task/"])
@pytest.mark.parametrize("query", ["", "status=PENDING&page_size=2", "created_by=me", "cursor=&page_size=1", "q=task"])
def test_a_cached_page_equals_that_of_the_view(system, bearer, path, query):
    page = system.compare(Sent(query, path, headers=bearer))

    assert page.status == "200 OK"
    system.compare(Sent(query, path, headers=bearer | {"HTTP_IF_NONE_MATCH": dict(page.headers)["ETag"]}))


@pytest.mark.parametrize("path", [TASK, f"{TASK}/", "/api/task/0002", OTHERS_TASK])
def test_a_task_equals_that_of_the_view(system, bearer, others_task, path):
    task = system.compare(Sent("", path, headers=bearer))

    if task.status == "200 OK":
        assert not task.in_pyramid
        fields = dict(task.headers)
        for name, value in (("NONE_MATCH", fields["ETag"]), ("MODIFIED_SINCE", fields["Last-Modified"])):
            again = system.compare(Sent("", path, headers=bearer | {f"HTTP_IF_{name}": value}))
            assert (again.status, again.in_pyramid) == ("304 Not Modified", False)


def test_a_task_that_the_caller_may_not_see_is_404(another_process, bearer, others_task):
    private = BothWays(another_process(visibility="private").app)

    assert private.compare(Sent("", OTHERS_TASK, headers=bearer)).status == "404 Not Found"
    assert private.ask(Sent("", TASK, headers=bearer)).status == "200 OK"


ETAGS = ["CURRENT", "W/CURRENT", '"other", CURRENT', "*", '"other"', "malformed", "", "1", ", ,"]
HEADERS: dict[str, list[str | None]] = {
    "HTTP_AUTHORIZATION": [
        None, "", "Bearer", "Bearer ", "Bearer x.y.z", "bearer TOKEN", "BEARER  TOKEN ", "Basic TOKEN", "Bearer TOKENx",
        "Bearer EXPIRED", "Bearer FORGED", "Bearer REVOKED", "Bearer OTHER", "Bearer PERSONAL", "Bearer UNSCOPED",
        "Bearer tms_unknown",
    ],
    "HTTP_HOST": [None, "", "localhost:8000", "example.org", "[::1]:80", "a b", "evil.com/x", "x:99999"],
    "SERVER_PROTOCOL": ["HTTP/1.0", "HTTP/1.1"],
    "REMOTE_ADDR": [PROXY, STRANGER, "", "::1"],
    "HTTP_X_FORWARDED_PROTO": ["https", "ftp", "http, https"],
    "HTTP_X_FORWARDED_HOST": ["tasks.example.org", "a, b.example", "bad host"],
    "HTTP_X_FORWARDED_PREFIX": ["/tms", "/tms/", "no", "/%20"],
    "HTTP_X_FORWARDED_FOR": ["198.51.100.7", "x"],
    "SCRIPT_NAME": ["", "/mounted", "/with space"],
    "HTTP_X_REQUEST_ID": ["abc-1", "x" * 65, "a b", ""],
    "HTTP_ORIGIN": [OURS, THEIRS, "null", ""],
    "HTTP_IF_NONE_MATCH": ETAGS,
    "HTTP_IF_MATCH": ETAGS,
    "HTTP_IF_MODIFIED_SINCE": ["Wed, 21 Oct 2065 07:28:00 GMT", "x"],
    "HTTP_IF_UNMODIFIED_SINCE": ["Wed, 21 Oct 2015 07:28:00 GMT", "x"],
    "HTTP_ACCEPT": ["text/html", "application/json", "*/*", "x"],
    "HTTP_ACCEPT_ENCODING": ["gzip"],
    "HTTP_RANGE": ["bytes=0-10"],
    "HTTP_COOKIE": ["a=b"],
    "HTTP_EXPECT": ["100-continue"],
    "CONTENT_TYPE": ["application/json", "text/plain"],
    "CONTENT_LENGTH": [None, "", "0"],
}  # fmt: skip
PATHS = ["/api/task", "/api/task/", "/api/task//", "/api//task", "/API/task", "/api/task/x", "/api/task\xff"]
TASK_PATHS = [
    "/api/task/01",
    "/api/task/4",
    "/api/task/99",
    "/api/task/0",
    "/api/task/-1",
    "/api/task/+1",
    "/api/task/1x",
    "/api/task/1\n",
    "/api/task/1//",
    "/api/task//1",
    "/api/task/ 1",
    "/api/task/1_0",
    "/api/task/1/history",
    "/api/task/\xd9\xa1",
    "/api/task/\xb2",
    "/api/task/9223372036854775807",
    "/api/task/9223372036854775808",
    "/api/task/" + "1" * 5000,
    "/api/task/{id}",
    "/API/task/1",
    "/x/1",
    "/1",
]
QUERIES = [
    "", "status=PENDING", "status=PENDING&", "%73tatus=PENDING", "status=NO", "page=2", "page=0", "page_size=1",
    "page_size=1&page=3", "created_by=me", "assigned_to=%6de", "cursor=", "cursor=x", "unknown=1", "q=task", "q=%FF",
    "q=\xff", "ordering=-title", "status=PENDING;x", "=", "&&", "x" * 100,
]  # fmt: skip
sent_requests = st.builds(
    Sent,
    query=st.sampled_from(QUERIES),
    path=st.sampled_from([*PATHS[:2] * 4, *PATHS]) | st.sampled_from([*[TASK, f"{TASK}/"] * 6, *TASK_PATHS]),
    method=st.sampled_from([*["GET"] * 8, "HEAD", "OPTIONS", "TRACE", "PROPFIND"]),
    headers=st.dictionaries(st.sampled_from(list(HEADERS)), st.integers(0, 99), max_size=4).map(
        lambda chosen: {name: HEADERS[name][number % len(HEADERS[name])] for name, number in chosen.items()}
    ),
    body=st.sampled_from([*[b""] * 6, b"{}", b"x"]),
)


@pytest.fixture
def tokens(client, client_of, make_user, app, bearer) -> dict[str, str]:
    """The tokens that the values of HEADERS name."""
    runtime, claims = app.app.registry.tms, jwt.decode(client.user.access, options={"verify_signature": False})
    logged_out = client_of(make_user())
    logged_out.post("/api/token/revoke-all")

    def personal(*scopes: str) -> str:
        token: str = client.post_json("/api/api-tokens", {"name": "x", "scopes": scopes}).json["token"]
        return token

    return {
        "EXPIRED": jwt.encode({**claims, "exp": int(time.time()) - 1}, runtime.core.jwt_key, "HS256"),
        "FORGED": jwt.encode(claims, KEY[::-1], "HS256"),
        "REVOKED": logged_out.user.access,
        "OTHER": make_user(is_admin=True).access,
        "PERSONAL": personal("tasks:read"),
        "UNSCOPED": personal("users:read"),
        "TOKEN": client.user.access,
    }


@pytest.fixture
def filled(system, tokens, bearer) -> Callable[[Sent], Sent]:
    """Returns a request of `sent_requests` with the tokens and entity tags that its values name."""
    tags = {
        (path, query): dict(system.ask(Sent(query, path, headers=bearer)).headers).get("ETag", '"none"')
        for path in ("/api/task", TASK)
        for query in QUERIES
    }

    def fill(sent: Sent) -> Sent:
        headers = {**bearer, **sent.headers}
        for name in headers:
            for word, token in {**tokens, "CURRENT": tags.get((sent.path.rstrip("/"), sent.query), '"none"')}.items():
                if (value := headers[name]) is not None:
                    headers[name] = value.replace(word, token)
        return Sent(sent.query, sent.path, sent.method, headers, sent.body)

    return fill


checks = partial(hypothesis_settings, deadline=None, suppress_health_check=list(HealthCheck), database=None)


def test_mutated_requests_get_the_answers_of_the_view(system, filled, others_task):
    @checks(max_examples=100)
    @given(sent_requests)
    def check(sent: Sent) -> None:
        system.compare(filled(sent))

    check()


def test_requests_of_a_batch_get_the_answers_that_they_get_one_by_one(system, filled, others_task):
    @checks(max_examples=40)
    @given(st.lists(sent_requests, min_size=1, max_size=12))
    def check(batch: list[Sent]) -> None:
        requests = [filled(one) for one in batch]
        for one in requests:
            system.ask(one, lookup=False)

        assert [one.comparable for one in system.ask_together(requests)] == [
            system.ask(one, lookup=False).comparable for one in requests
        ]

    check()


class TestTokens:
    @pytest.fixture
    def cached(self, ways, bearer) -> BothWays:
        """A process that has the list in its cache."""
        ways.ask(Sent(headers=bearer))
        assert not ways.ask(Sent(headers=bearer)).in_pyramid
        return ways

    def test_a_revoked_token_is_rejected(self, cached, client, bearer, app):
        client.post("/api/token/revoke-all")
        app.app.registry.revocations.refresh(force=True)

        for path in ("/api/task", TASK):
            assert cached.ask(Sent(path=path, headers=bearer)).status == "401 Unauthorized"

    def test_an_expired_token_is_rejected(self, cached, tokens):
        assert cached.ask(Sent(headers={"HTTP_AUTHORIZATION": f"Bearer {tokens['EXPIRED']}"})).status[:3] == "401"

    def test_a_personal_token_needs_the_scope(self, cached, tokens):
        def status(name: str) -> str:
            return cached.ask(Sent(headers={"HTTP_AUTHORIZATION": f"Bearer {tokens[name]}"})).status[:3]

        assert (status("PERSONAL"), status("UNSCOPED")) == ("200", "403")

    def test_a_database_that_is_away_is_503_as_in_the_view(self, another_process, bearer):
        away = BothWays(another_process(database_url=DEAD_DATABASE).app)

        for path in ("/api/task", TASK):
            assert away.compare(Sent(path=path, headers=bearer)).status == "503 Service Unavailable"


class TestFaults:
    def test_a_failing_lookup_leaves_the_request_to_the_view(self, ways, bearer, monkeypatch, caplog):
        ways.ask(Sent(headers=bearer))

        def fail(*arguments: Any) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("tms_api.task_list.lookup.TaskListLookup.__call__", fail)

        assert ways.ask(Sent(headers=bearer)).status == "200 OK"
        assert "the lookup of /api/task failed; its view answers" in caplog.text

    @pytest.mark.parametrize("count", [0, 3])
    def test_responses_of_the_wrong_number_are_given_to_nobody(self, ways, bearer, monkeypatch, caplog, count):
        responses = [LookupResponse(b"{}", "x")] * count
        monkeypatch.setattr("tms_api.task_lookup.TaskLookup.__call__", lambda lookup, requests: responses)

        answers = ways.ask_together([Sent(path=f"/api/task/{number}", headers=bearer) for number in (1, 2)])

        assert [orjson.loads(one.body)["id"] for one in answers] == [1, 2]
        assert f"{count} responses to 2 requests" in caplog.text

    def test_a_restart_of_the_database_between_two_requests_is_not_noticed(self, ways, bearer, runtime):
        sent = Sent(path=TASK, headers=bearer)
        assert not ways.ask(sent).in_pyramid
        with runtime.transaction() as session:
            others = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            session.execute(text(f"{others} AND datname = current_database()"))

        answer = ways.ask(sent)

        assert (answer.status, answer.in_pyramid) == ("200 OK", False)

    def test_a_database_that_ends_the_statement_leaves_the_requests_to_the_view(self, ways, bearer, monkeypatch):
        statement = "SELECT pg_terminate_backend(pg_backend_pid())"
        monkeypatch.setattr("tms_core.services.task_reading.SELECT_TASKS_SQL", statement)

        answers = ways.ask_together([Sent(path=TASK, headers=bearer)] * 3)

        assert [(one.status, one.in_pyramid) for one in answers] == [("200 OK", True)] * 3

    def test_the_view_answers_without_redis(self, another_process, bearer):
        away = BothWays(another_process(redis_url="redis://127.0.0.1:1/0").app)

        for _ in range(3):
            answer = away.ask(Sent(headers=bearer))
            assert (answer.status, answer.in_pyramid) == ("200 OK", True)


class TestQuota:
    @pytest.fixture
    def limited(self, another_process) -> BothWays:
        router = another_process(**{"api.limit_user": "5/hour; 8/day"}).app
        # The process may be that of the previous test.
        vars(router.registry.quota)["_counters"].clear()
        return BothWays(router)

    def test_cached_pages_count(self, limited, bearer):
        answers = [limited.ask(Sent(headers=bearer)) for _ in range(8)]

        assert [one.status[:3] for one in answers] == ["200"] * 5 + ["429"] * 3
        # The second may miss: the quota's first connection to Redis begins a new version of the lists.
        assert [one.in_pyramid for one in answers[2:]] == [False] * 3 + [True] * 3
        assert dict(answers[-1].headers)["RateLimit"].startswith('"user-hour";r=0;t=')

    def test_a_missed_page_counts_once(self, limited, bearer):
        queries = [f"page_size={size}" for size in range(1, 8)]

        assert [limited.ask(Sent(query, headers=bearer)).status[:3] for query in queries] == ["200"] * 5 + ["429"] * 2

    def test_each_request_of_a_batch_counts(self, limited, bearer, make_user):
        other = {"HTTP_AUTHORIZATION": f"Bearer {make_user().access}"}
        batch = [Sent(path=TASK, headers=bearer)] * 7 + [Sent(path=TASK, headers=other)]

        assert [one.status[:3] for one in limited.ask_together(batch)] == ["200"] * 5 + ["429"] * 2 + ["200"]


class TestRoundTrips:
    def test_a_batch_of_tasks_is_one_statement(self, ways, bearer, runtime, monkeypatch):
        read, sent = SingleStatements.read, []

        def recorded(statements: SingleStatements, statement: str, parameters: Any) -> Any:
            sent.append(parameters)
            return read(statements, statement, parameters)

        monkeypatch.setattr(SingleStatements, "read", recorded)

        answers = ways.ask_together([Sent(path=f"/api/task/{number}", headers=bearer) for number in (3, 1, 2, 1)])

        assert [orjson.loads(one.body)["id"] for one in answers] == [3, 1, 2, 1]
        assert sent == [{"ids": [1, 2, 3]}]

    def test_a_batch_of_pages_is_one_command(self, ways, bearer, runtime, monkeypatch):
        queries = ["", "page_size=1", "", "page_size=2"]
        requests = [Sent(query, headers=bearer) for query in queries]
        expected = [ways.ask(one).body for one in requests]
        before = commands_of(runtime, "mget")

        answers = ways.ask_together(requests)

        assert [one.body for one in answers] == expected
        assert commands_of(runtime, "mget") - before == 1


def commands_of(runtime: Any, name: str) -> int:
    calls: int = runtime.redis.info("commandstats").get(f"cmdstat_{name}", {"calls": 0})["calls"]
    return calls


class TestRecords:
    def test_requests_are_counted_under_their_route(self, ways, bearer):
        def counted(status: str) -> float:
            labels = {"method": "GET", "route": "/api/task", "status": status}
            return REGISTRY.get_sample_value("tms_http_requests_total", labels) or 0.0

        tag = dict(ways.ask(Sent(headers=bearer)).headers)["ETag"]
        before = counted("200"), counted("304")
        answers = [ways.ask(Sent(headers=bearer)), ways.ask(Sent(headers=bearer | {"HTTP_IF_NONE_MATCH": tag}))]

        assert [one.in_pyramid for one in answers] == [False, False]
        assert (counted("200"), counted("304")) == (before[0] + 1, before[1] + 1)

    def test_tasks_are_counted_under_their_route(self, ways, bearer):
        def counted() -> float:
            labels = {"method": "GET", "route": "/api/task/{id}", "status": "200"}
            return REGISTRY.get_sample_value("tms_http_requests_total", labels) or 0.0

        before = counted()
        ways.ask(Sent(path=TASK, headers=bearer), lookup=False)
        ways.ask_together([Sent(path=TASK, headers=bearer)] * 3)

        assert counted() == before + 4

    def test_the_access_log_has_the_line_of_the_view(self, another_process, bearer, client, monkeypatch):
        lines: list[bytes] = []
        monkeypatch.setattr("tms_core.access_log.STANDARD_ERROR", SimpleNamespace(write=lines.append))
        settings = {"access_log": "true", "log_format": "json", "trusted_proxies": "10.0.0.0/8", "api.limit_user": "0"}
        logged = BothWays(another_process(**settings).app)
        sent = Sent("status=PENDING", "/api/task/", headers=bearer | {
            "REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": "198.51.100.7", "HTTP_X_REQUEST_ID": "abc"
        })  # fmt: skip

        logged.compare(sent)

        view, cached = ({**orjson.loads(line), "duration_ms": 0, "timestamp": ""} for line in lines[-2:])
        assert cached == view
        assert (cached["user_id"], cached["address"], cached["request_id"]) == (client.user.id, "198.51.100.7", "abc")


def test_a_list_after_a_write_contains_the_write(ways, bearer, client, another_process):
    other = Client(another_process(), client.user)
    for number in range(5):
        assert not ways.compare(Sent(headers=bearer)).in_pyramid
        (client if number % 2 else other).post_json("/api/task", {"title": f"New {number}"})

        assert f"New {number}".encode() in ways.ask(Sent(headers=bearer)).body


def test_a_task_after_a_write_contains_the_write(ways, bearer, client, another_process):
    other = Client(another_process(), client.user)
    for number in range(5):
        (client if number % 2 else other).patch_json("/api/task/1", {"title": f"New {number}"})

        found = ways.compare(Sent(path=TASK, headers=bearer))
        assert (orjson.loads(found.body)["title"], found.in_pyramid) == (f"New {number}", False)
