"""Every combination of packages is configured, migrates its own tables and serves its own routes."""

import json
import re
import subprocess
import sys

import pytest
from sqlalchemy import inspect

from tms_core.app import configure
from tms_core.migrations_runner import foreign_revisions, missing_revisions, upgrade
from tms_core.models import Base
from tms_core.web.health import readiness

FEATURES = ("tms_reports", "tms_realtime", "tms_notifications", "tms_web")
CORE_TABLES = {
    mapper.local_table.name for mapper in Base.registry.mappers if mapper.class_.__module__.startswith("tms_core.")
}
CORE_COMMANDS = {"api", "beat", "doctor", "init", "migrate", "rebuild-search", "relay", "user", "worker"}
# The visible contributions of each package.
TABLES = {
    "api": "tms_api",
    "report": "tms_reports",
    "realtime": "tms_realtime",
    "notification": "tms_notifications",
    "web": "tms_web",
}
COMMANDS = {"tms_reports": {"report"}, "tms_realtime": {"realtime"}, "tms_notifications": {"mail"}}
PATHS = {
    "tms_api": ("/api/task", "/api/users/me"),
    "tms_reports": ("/api/task-report-insight",),
    "tms_notifications": ("/api/users/me/notifications",),
    "tms_web": ("/board", "/first-start"),
}
SINKS = {
    "tms_reports": {"report_counters", "report_history"},
    "tms_realtime": {"realtime"},
    "tms_notifications": {"notifications"},
}
SETTINGS = {
    "tms_reports": "tms.reports.threads",
    "tms_realtime": "tms.realtime.port",
    "tms_notifications": "tms.notifications.transport",
    "tms_web": "tms.web.images",
}


@pytest.fixture(
    scope="module",
    params=[("tms_api",), *(("tms_api", feature) for feature in FEATURES), ("tms_api", *FEATURES)],
    ids=["api alone", *(f"api and {feature}" for feature in FEATURES), "all"],
)
def packages(request):
    return request.param


def brought(packages, by_package):
    return set().union(*(by_package.get(package, set()) for package in packages))


def test_a_composition_migrates_its_own_tables_only(runtime, packages):
    with runtime.engine.connect() as connection:
        tables = set(inspect(connection).get_table_names()) - CORE_TABLES - {"alembic_version"}
        assert missing_revisions(runtime, connection) == foreign_revisions(runtime, connection) == set()

    owners = {TABLES[table.partition("_")[0]] for table in tables}
    assert {"tms_core", *owners} == {location.partition(":")[0] for location in runtime.registry.migrations.values()}
    assert owners <= set(packages)


def test_a_composition_serves_its_own_routes_only(client, packages):
    statuses = {path: client.get(path, expect_errors=True).status_int for package in PATHS for path in PATHS[package]}

    assert statuses == {path: 200 if package in packages else 404 for package in PATHS for path in PATHS[package]}


def test_the_page_loads_the_modules_of_the_composition_only(app, packages):
    page = app.get("/reports", expect_errors=True)
    if "tms_web" not in packages:
        assert page.status_int == 404
        return

    config = json.loads(re.findall(r'id="tms-config">(.*?)</script>', page.text)[0])
    modules = {url.split("/")[2]: url for url in config["modules"]}
    assert set(modules) == set(packages) - {"tms_api", "tms_web"}
    assert [app.get(url).content_type for url in modules.values()] == ["text/javascript"] * len(modules)
    assert all(f"/assets/{package}/" not in page.text for package in set(FEATURES) - set(packages))


def test_a_composition_is_ready(runtime):
    assert set(readiness(runtime).values()) == {"ok"}


def test_tms_help_lists_the_commands_of_the_composition_only(tms, packages):
    listed = tms("--help").stdout.partition("Commands:")[2]

    assert set(re.findall(r"^  ([\w-]+)", listed, re.MULTILINE)) == CORE_COMMANDS | brought(packages, COMMANDS)


def test_a_command_of_an_excluded_package_names_the_package(tms, packages):
    for package in set(COMMANDS) - set(packages):
        (command,) = COMMANDS[package]
        assert f"tms {command} is a command of {package}, and " in tms(command).stderr


def test_a_composition_has_its_own_sinks_beat_entries_and_tasks_only(runtime, packages):
    # As in tms.notifications.send_mail.
    owners = {f"tms_{entry.task.split('.')[1]}" for entry in runtime.registry.beat_entries.values()}

    assert set(runtime.registry.sinks) == {"cache"} | brought(packages, SINKS)
    assert owners <= set(packages)
    assert {module.partition(".")[0] for module in runtime.registry.task_modules} <= set(packages)


def test_settings_of_an_excluded_package_are_ignored(ini, packages):
    for package, key in SETTINGS.items():
        if package not in packages:
            runtime = configure(ini | {key: "1"}, web=False).registry.tms

            assert key not in {one.key for group in runtime.groups for one in group.declarations()}


def test_excluded_packages_are_not_imported(ini_file, packages):
    code = (
        "import sys; from tms_core.app import configure, read_ini; configure(read_ini(sys.argv[1]), web=True);"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )

    done = subprocess.run([sys.executable, "-c", code, ini_file], capture_output=True, text=True, check=True)

    assert set(done.stdout.split()) & {"tms_api", *FEATURES} == set(packages)


def test_packages_can_be_removed_and_added_again_with_their_tables_kept(runtime, ini):
    bare = {key: value for key, value in ini.items() if key not in SETTINGS.values()}
    without = configure(bare | {"pyramid.includes": "tms_api"}, web=False).registry.tms

    try:
        assert upgrade(without) == []
        assert set(readiness(without).values()) == {"ok"}
        assert upgrade(runtime) == []
    finally:
        without.close()
