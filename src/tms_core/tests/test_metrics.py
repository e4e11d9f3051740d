"""/metrics: access and content."""

import os
import subprocess
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from webtest import TestApp

from tms_core.addresses import is_loopback
from tms_core.app import configure

TOKEN = "0123456789abcdef"
KEY = "5f0c2a9be3d144778a7e0d9a3c1b2f4e"
HERE = {"REMOTE_ADDR": "127.0.0.1"}
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.7"}


@pytest.fixture(scope="module")
def packages():
    return ("tms_api",)


@pytest.fixture(scope="module")
def settings():
    return {"tms.metrics.token": TOKEN}


class Samples:
    def __init__(self, exposition: str):
        self._values = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(exposition)
            for sample in family.samples
        }

    def value(self, name, **labels):
        return self._values.get((name, frozenset(labels.items())), 0.0)

    def routes(self):
        return {dict(labels)["route"] for name, labels in self._values if name == "tms_http_requests_total"}


@pytest.fixture
def scrape(app):
    """Return a function that scrapes /metrics and returns the samples."""
    return lambda: Samples(app.get("/metrics", extra_environ=HERE).text)


def test_loopback_needs_no_token(app):
    answer = app.get("/metrics", extra_environ=HERE)

    assert answer.content_type == "text/plain"
    assert "# TYPE tms_http_requests_total counter" in answer.text


def test_openmetrics_is_sent_if_accepted(app):
    answer = app.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"}, extra_environ=HERE)

    assert answer.content_type == "application/openmetrics-text"
    assert answer.text.endswith("# EOF\n")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_other_hosts_are_accepted_with_the_token(app, scheme):
    app.get("/metrics", headers={"Authorization": f"{scheme} {TOKEN}"}, extra_environ=ELSEWHERE)


@pytest.mark.parametrize("given", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", "Bearer \xe9"])
def test_other_hosts_are_rejected_without_the_token(app, given):
    answer = app.get("/metrics", headers={"Authorization": given} if given else {}, extra_environ=ELSEWHERE, status=401)

    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_loopback_needs_the_token_in_production(ini, runtime):
    production_ini = {
        "tms.environment": "production",
        "tms.jwt_private_key": KEY,
        "tms.public_url": "https://tasks.example.com",
    }
    config = configure(ini | production_ini, web=True)
    production = TestApp(config.make_wsgi_app(), extra_environ=HERE)

    try:
        production.get("/metrics", status=401)
        assert "# TYPE" in production.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    finally:
        config.registry.tms.close()


def test_an_access_token_is_not_the_metrics_token(client):
    client.get("/metrics", extra_environ=ELSEWHERE, status=401)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_proxied_requests_from_loopback_need_the_token(app, header):
    app.get("/metrics", headers={header: "203.0.113.7"}, extra_environ=HERE, status=401)


def test_all_spellings_of_loopback_are_recognized():
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1")))
    assert not any(map(is_loopback, ("", "10.0.0.1", "::ffff:10.0.0.1", "localhost", "unix:")))


def test_requests_are_counted_by_route_method_and_status(app, client, scrape):
    client.post_json("/api/task", {"title": "One"})
    before = scrape()

    client.get("/api/task/1")
    client.get("/api/task/1/")
    client.get("/api/task/999", status=404)
    app.get("/api/task/1", status=401)

    after = scrape()
    grown = {
        status: after.value("tms_http_requests_total", **labels) - before.value("tms_http_requests_total", **labels)
        for status in ("200", "404", "401")
        for labels in [{"method": "GET", "route": "/api/task/{id}", "status": status}]
    }
    times = {"method": "GET", "route": "/api/task/{id}"}
    assert grown == {"200": 2, "404": 1, "401": 1}
    assert after.value("tms_http_request_seconds_count", **times) >= 4
    assert after.value("tms_http_request_seconds_bucket", **times, le="10.0") >= 4


def test_unknown_paths_and_methods_share_one_series(app, scrape):
    app.get("/made/up", status=404)
    app.get("/api/task/%ff", status=404)
    app.request("/made/up", method="TRACE", status=404)

    samples = scrape()

    assert not any("made" in route for route in samples.routes())
    assert samples.value("tms_http_requests_total", method="other", route="none", status="404") >= 1


def test_cached_and_uncached_pages_are_counted_separately(client, scrape):
    before = scrape()

    client.get("/api/task")
    client.get("/api/task")
    client.get("/api/task")

    after = scrape()
    name = "tms_task_list_lookups_total"
    assert after.value(name, result="miss") - before.value(name, result="miss") == 1
    assert after.value(name, result="hit") - before.value(name, result="hit") == 2


def test_the_relay_lag_is_read_from_the_database(client, relay_once, runtime, scrape):
    relay_once()
    client.post_json("/api/task", {"title": "One"})
    with runtime.transaction() as session:
        session.execute(text("UPDATE task_event SET created_at = now() - interval '1 minute'"))

    waiting = scrape()
    relay_once()
    with runtime.transaction() as session:
        session.execute(text("UPDATE relay_cursor SET position = 0"))
    behind = scrape()

    assert waiting.value("tms_relay_leads") == 0
    assert waiting.value("tms_relay_unnumbered_events") == 1
    assert 60 <= waiting.value("tms_relay_unnumbered_seconds") < 120
    assert behind.value("tms_relay_unnumbered_events") == 0
    assert behind.value("tms_relay_sink_events", sink="cache") == 1
    assert 60 <= behind.value("tms_relay_sink_seconds", sink="cache") < 120


def test_a_cursor_that_is_not_written_yet_is_no_lag(client, relay_once, runtime, scrape):
    relay_once()
    client.post_json("/api/task", {"title": "One"})
    relay_once()
    with runtime.transaction() as session:
        # As while the batch of a sink waits for the end of its interval; the event is of the future, thus never older.
        session.execute(text("UPDATE relay_cursor SET position = 0"))
        session.execute(text("UPDATE task_event SET created_at = now() + interval '1 minute'"))

    found = scrape()

    assert found.value("tms_relay_sink_events", sink="cache") == 0
    assert found.value("tms_relay_sink_seconds", sink="cache") == 0


def test_unreadable_sources_are_omitted_and_reported(runtime, scrape, tmp_path, monkeypatch):
    (tmp_path / "metrics_of_something_away.py").write_text("def collect(runtime):\n    raise OSError('away')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(runtime.registry.metrics, "away", "metrics_of_something_away:collect")

    samples = scrape()

    assert samples.value("tms_metrics_up", source="relay") == 1
    assert samples.value("tms_metrics_up", source="away") == 0


def test_counters_of_several_processes_are_summed(tmp_path):
    count = "from tms_core.web.request_metrics import REQUESTS; REQUESTS.labels('GET', '/x', 200).inc(2)"
    script = (
        "from types import SimpleNamespace; from prometheus_client import generate_latest;"
        "from tms_core.web.metrics import registry_of;"
        "print(generate_latest(registry_of(SimpleNamespace(registry=SimpleNamespace(metrics={})))).decode())"
    )
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    for code in (count, count):
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    result = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)

    assert Samples(result.stdout).value("tms_http_requests_total", method="GET", route="/x", status="200") == 4
