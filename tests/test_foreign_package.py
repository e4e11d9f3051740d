"""A third-party package, built as a wheel, that uses every extension point of the core."""

import json
import os
import re
import sys
from pathlib import Path

import pytest
from pyramid.interfaces import INewRequest
from sqlalchemy import inspect

from tms_core.app import configure
from tms_core.celery import app as celery_app
from tms_core.celery import configuration, use
from tms_core.doctor.examination import examine
from tms_core.errors import ConfigurationError
from tms_core.migrations_runner import differences, downgrade, foreign_revisions, upgrade
from tms_local.banner import banner
from tms_local.embedded.state import StateDirectory
from tms_local.process_specs import processes
from tms_testing.processes import WatchedProcess

TMS = Path(sys.executable).with_name("tms")
PATIENCE = 120.0


@pytest.fixture(scope="module")
def packages(foreign_site):
    return ("tms_api", "tms_foreign", "tms_web")


@pytest.fixture(scope="module")
def settings():
    return {"foreign.mark": "*"}


@pytest.fixture
def a_task(client, relay_once):
    client.post_json("/api/task", {"title": "Paint the shed"})
    relay_once()


def test_the_sink_fills_the_table_and_the_resource_reads_it(client, a_task):
    assert client.get("/api/foreign-notes").json == ["* Paint the shed"]


def test_the_resource_has_the_cores_security_and_errors(app, client):
    assert app.get("/api/foreign-notes/", status=401).content_type == "application/problem+json"
    assert client.post("/api/foreign-notes", status=405).json["status"] == 405


def test_the_batch_lookup_answers_like_its_view_but_without_pyramid(app, client):
    seen: list[object] = []
    app.app.registry.registerHandler(seen.append, (INewRequest,))
    app.app.registry.has_listeners = True

    def fields(answer):
        return {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}

    view, cached = client.get("/api/foreign-motto?x"), client.get("/api/foreign-motto/")

    assert len(seen) == 1
    assert (cached.body, fields(cached)) == (view.body, fields(view))
    client.get("/api/foreign-motto", headers={"If-None-Match": '"motto"'}, status=304)
    app.get("/api/foreign-motto", status=401)


def test_a_batch_lookup_needs_a_resource_with_a_token(ini, foreign_site, monkeypatch):
    monkeypatch.setattr("tms_core.web.batch_lookups.methods_of", lambda registry: ())

    with pytest.raises(Exception, match="the batch lookup at /api/task has no resource with a GET with a token"):
        configure(ini, web=True)


def test_the_resource_is_in_the_openapi_document(app):
    document = app.get("/api/openapi.json").json
    operation = document["paths"]["/api/foreign-notes"]["get"]

    assert (operation["operationId"], operation["summary"]) == ("list_foreign_notes", "The notes")
    assert operation["tags"] == ["tms_foreign"]
    assert {"401", "429", "500"} <= set(operation["responses"])
    assert "/api/foreign-notes" in app.get("/api/docs").text


@pytest.fixture
def without_revocation_polling(app, monkeypatch):
    """Stops the process from reading revocations."""
    monkeypatch.setattr("tms_core.auth.revocations.INTERVAL", 3600)
    monkeypatch.setattr("tms_core.auth.personal_tokens.INTERVAL", 3600)


def test_writes_reject_a_revoked_access_token_by_default(client, a_task, without_revocation_polling):
    client.post("/api/token/revoke-all", status=200)

    client.delete("/api/foreign-notes", status=401)

    assert client.get("/api/foreign-notes").json == ["* Paint the shed"]


def test_writes_reject_a_revoked_personal_token(app, client, a_task, without_revocation_polling):
    made = client.post_json("/api/api-tokens", {"name": "script", "scopes": ["foreign:write"]}).json
    headers = {"Authorization": f"Bearer {made['token']}"}
    app.delete("/api/foreign-notes", headers=headers, status=200)

    client.delete(f"/api/api-tokens/{made['id']}", status=200)

    app.delete("/api/foreign-notes", headers=headers, status=401)


def test_the_sink_tolerates_a_repeated_event(client, a_task, runtime, relay_once):
    with runtime.transaction() as session:
        session.connection().exec_driver_sql("UPDATE relay_cursor SET position = 0")

    relay_once()

    assert client.get("/api/foreign-notes").json == ["* Paint the shed"]


def test_settings_are_listed_and_checked(tms, ini):
    assert "foreign.mark = *" in tms("doctor", "--settings").stdout
    with pytest.raises(ConfigurationError, match=r"foreign\.longest \(or FOREIGN_LONGEST\)"):
        configure(ini | {"foreign.longest": "0"}, web=False)
    with pytest.raises(ConfigurationError, match=r"unknown setting foreign\.marc"):
        configure(ini | {"foreign.marc": "*"}, web=False)


def test_the_command_is_available_in_tms(tms, a_task):
    assert re.search(r"^  notes +Print the notes\.$", tms("--help").stdout, re.MULTILINE)
    assert tms("notes").stdout == "Paint the shed\n"


def test_checks_and_metrics_are_added_to_the_cores(app, runtime, a_task):
    findings = {name: finding.sentence for name, finding in examine(runtime)}
    metrics = app.get("/metrics", extra_environ={"REMOTE_ADDR": "127.0.0.1"}).text

    assert app.get("/api/ready").json["checks"]["foreign"] == "ok"
    assert findings["foreign"] == "1 notes"
    assert "\nforeign_notes 1.0\n" in metrics


def test_the_process_and_the_beat_entry_are_registered(runtime):
    entry = configuration(runtime)["beat_schedule"]["forget_notes"]

    assert entry == {"task": "foreign.forget_notes", "schedule": 3600.0}
    assert "foreign" in [spec.name for spec in processes(runtime)]


def test_its_web_module_is_in_the_page_and_served(app):
    page = app.get("/foreign-notes")

    config = json.loads(re.findall(r'id="tms-config">(.*?)</script>', page.text)[0])
    assert config["modules"] == ["/assets/tms_foreign/page.js"]
    script = app.get("/assets/tms_foreign/page.js")
    assert script.content_type == "text/javascript"
    assert 'path: "/foreign-notes"' in script.text
    assert app.get("/assets/tms_foreign/notes.js").content_type == "text/javascript"


def test_the_banner_has_the_packages_lines_and_steps(runtime, tmp_path):
    lines = banner(runtime, StateDirectory(tmp_path), {}).splitlines()

    assert [line.split() for line in lines if "otes" in line] == [
        ["Notes", "http://localhost:8002/notes"],
        ["Notes", "kept", "at", "most", "100", "are", "shown"],
        ["tms", "notes"],
    ]


def test_the_worker_runs_the_celery_task(foreign_site, ini_file, runtime, a_task, client):
    argv = [TMS, "--ini", ini_file, "worker", "--concurrency", "1"]
    use(runtime)

    with WatchedProcess(argv, patience=PATIENCE, env=os.environ | {"PYTHONPATH": str(foreign_site)}) as worker:
        celery_app.send_task("foreign.forget_notes")
        worker.wait_for("forgot 1 notes")
        assert worker.stop() == 0

    assert client.get("/api/foreign-notes").json == []


def test_the_migration_is_complete_and_the_package_can_be_removed(runtime, ini):
    """Without a downgrade to base, the table of a removed package is kept."""
    without = configure(ini | {"pyramid.includes": "tms_api tms_web"} | {"foreign.mark": ""}, web=False).registry.tms
    try:
        with runtime.engine.connect() as connection:
            assert [one for one in differences(runtime, connection) if "foreign" in str(one)] == []
        assert upgrade(without) == []
        with without.engine.connect() as connection:
            assert foreign_revisions(without, connection) == {"foreign_0001"}
        downgrade(runtime, "foreign@base")
        with without.engine.connect() as connection:
            assert foreign_revisions(without, connection) == set()
            assert "foreign_note" not in inspect(connection).get_table_names()
        assert upgrade(runtime) == ["foreign_0001"]
    finally:
        without.close()
