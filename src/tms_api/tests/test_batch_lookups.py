"""The cached route of the task list: the same responses as without the lookup, whatever the request."""

import time
from dataclasses import dataclass, field
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
        environ, started = sent.environ(), []
        response = policy(environ, self._router)
        body = b"".join(response(environ, lambda status, headers, exc_info=None: started.append((status, headers))))
        return Answer(*started[0], body, bool(self._seen))

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
QUERIES = [
    "", "status=PENDING", "status=PENDING&", "%73tatus=PENDING", "status=NO", "page=2", "page=0", "page_size=1",
    "page_size=1&page=3", "created_by=me", "assigned_to=%6de", "cursor=", "cursor=x", "unknown=1", "q=task", "q=%FF",
    "q=\xff", "ordering=-title", "status=PENDING;x", "=", "&&", "x" * 100,
]  # fmt: skip
sent_requests = st.builds(
    Sent,
    query=st.sampled_from(QUERIES),
    path=st.sampled_from([*PATHS[:2] * 4, *PATHS]),
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


def test_mutated_requests_get_the_answers_of_the_view(system, tokens, bearer):
    pages: dict[str, str] = {}

    def filled(sent: Sent) -> Sent:
        headers = {**bearer, **sent.headers}
        for name in headers:
            for word, token in {**tokens, "CURRENT": pages.get(sent.query, '"none"')}.items():
                if (value := headers[name]) is not None:
                    headers[name] = value.replace(word, token)
        return Sent(sent.query, sent.path, sent.method, headers, sent.body)

    for query in QUERIES:
        pages[query] = dict(system.ask(filled(Sent(query))).headers).get("ETag", '"none"')

    @hypothesis_settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(sent_requests)
    def check(sent: Sent) -> None:
        system.compare(filled(sent))

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

        assert cached.ask(Sent(headers=bearer)).status == "401 Unauthorized"

    def test_an_expired_token_is_rejected(self, cached, tokens):
        assert cached.ask(Sent(headers={"HTTP_AUTHORIZATION": f"Bearer {tokens['EXPIRED']}"})).status[:3] == "401"

    def test_a_personal_token_needs_the_scope(self, cached, tokens):
        def status(name: str) -> str:
            return cached.ask(Sent(headers={"HTTP_AUTHORIZATION": f"Bearer {tokens[name]}"})).status[:3]

        assert (status("PERSONAL"), status("UNSCOPED")) == ("200", "403")

    def test_a_database_that_is_away_is_503_as_in_the_view(self, another_process, bearer):
        away = BothWays(another_process(database_url=DEAD_DATABASE).app)

        assert away.compare(Sent(headers=bearer)).status == "503 Service Unavailable"


class TestFaults:
    def test_a_failing_lookup_leaves_the_request_to_the_view(self, ways, bearer, monkeypatch, caplog):
        ways.ask(Sent(headers=bearer))

        def fail(*arguments: Any) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("tms_api.task_list.lookup.TaskListLookup.__call__", fail)

        assert ways.ask(Sent(headers=bearer)).status == "200 OK"
        assert "the lookup of /api/task failed; its view answers" in caplog.text

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
