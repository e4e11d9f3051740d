from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, text
from webtest import TestApp

from tms_core.app import configure
from tms_core.event_log.events import TaskEventRecord, read_events
from tms_core.single_statements import SingleStatements
from tms_testing.fixtures import Client, SignedIn
from tms_testing.problems import CheckedApp

# No server listens there, so connections are refused immediately.
DEAD_DATABASE = "postgresql://tms@127.0.0.1:1/tms"
DEAD_REDIS = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="module")
def packages():
    return ("tms_api",)


@pytest.fixture
def problem() -> Callable[[Any], dict[str, Any]]:
    """Return a response's problem document after checking that it is complete."""

    def check(response) -> dict[str, Any]:
        document = response.json
        assert response.content_type == "application/problem+json"
        assert document["type"] == "about:blank"
        assert document["status"] == response.status_int
        assert document["title"] == HTTPStatus(response.status_int).phrase
        assert document["detail"]
        assert document["request_id"] == response.headers["X-Request-ID"]
        return document

    return check


@pytest.fixture
def faulty_fields(problem) -> Callable[[Any], list[str]]:
    """Return the fields in the errors of a 400 response, sorted."""

    def names(response) -> list[str]:
        assert response.status_int == 400
        return sorted(fault["field"] for fault in problem(response)["errors"])

    return names


@pytest.fixture(scope="module")
def _processes(ini) -> Iterator[dict[frozenset[tuple[str, str]], TestApp]]:
    started: dict[frozenset[tuple[str, str]], TestApp] = {}
    yield started
    for one in started.values():
        one.app.registry.tms.close()


@pytest.fixture
def another_process(ini, runtime, _processes) -> Callable[..., TestApp]:
    """Start another API process on the same database and Redis, optionally with other settings."""

    def process(**settings: str) -> TestApp:
        key = frozenset(settings.items())
        if key not in _processes:
            changed = {f"tms.{name}": value for name, value in settings.items()}
            _processes[key] = CheckedApp(configure({**ini, **changed}, web=True).make_wsgi_app())
        if "database_url" not in settings:
            _processes[key].app.registry.revocations.refresh(force=True)
        return _processes[key]

    return process


@pytest.fixture
def private(another_process) -> TestApp:
    """An API process whose users see only their own tasks."""
    return another_process(visibility="private")


@pytest.fixture
def tokens_read_at_every_request(monkeypatch) -> None:
    """Reads revocations and personal tokens in the database at every request, rather than once per interval."""
    monkeypatch.setattr("tms_core.auth.revocations.INTERVAL", 0)
    monkeypatch.setattr("tms_core.auth.personal_tokens.INTERVAL", 0)


@pytest.fixture
def admin(app, make_user) -> Client:
    """A client that is signed in as an administrator."""
    return Client(app, make_user("root", is_admin=True))


@pytest.fixture
def recorded(runtime, monkeypatch) -> Callable[[], Any]:
    """Record the SQL statements of a block: `with recorded() as statements`."""
    execute = SingleStatements._execute

    @contextmanager
    def record() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(connection, cursor, statement, *rest) -> None:
            statements.append(statement)

        def note_single(self, statement, parameters) -> Any:
            statements.append(statement)
            return execute(self, statement, parameters)

        engines = (runtime.engine, runtime.autocommit_engine)
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        monkeypatch.setattr(SingleStatements, "_execute", note_single)
        try:
            yield statements
        finally:
            monkeypatch.setattr(SingleStatements, "_execute", execute)
            for engine in engines:
                event.remove(engine, "before_cursor_execute", note)

    return record


@pytest.fixture
def at_once(app) -> Callable[..., list[Any]]:
    """Send requests concurrently, each in its own thread: `at_once((user, lambda me: me.get(…)), …)`.
    Gives their answers in the order of the requests."""

    def send(*requests: tuple[SignedIn, Callable[[Client], Any]]) -> list[Any]:
        start = Barrier(len(requests))

        def one(user: SignedIn, request: Callable[[Client], Any]) -> Any:
            me = Client(TestApp(app.app), user)
            start.wait(10)
            return request(me)

        with ThreadPoolExecutor(len(requests)) as threads:
            return [answer.result() for answer in [threads.submit(one, *request) for request in requests]]

    return send


@pytest.fixture
def log(runtime, relay_once) -> Callable[[], list[TaskEventRecord]]:
    """Read the event log after assigning positions to all committed events."""

    def read() -> list[TaskEventRecord]:
        relay_once()
        with runtime.transaction() as session:
            return list(read_events(session, after=0, limit=10_000))

    return read


@pytest.fixture
def refuse_commits(runtime) -> Callable[[str], Any]:
    """Make PostgreSQL reject, at COMMIT, transactions that insert tasks: `with refuse_commits(sqlstate)`."""

    def execute(*statements: str) -> None:
        with runtime.transaction() as session:
            for statement in statements:
                session.execute(text(statement))

    @contextmanager
    def refuse(sqlstate: str) -> Iterator[None]:
        execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{sqlstate}'; END $$",
            "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON task DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        try:
            yield
        finally:
            execute("DROP TRIGGER refuse ON task", "DROP FUNCTION refuse")

    return refuse
