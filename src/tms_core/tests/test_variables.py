"""Misspelled environment variables, in the environment and in `.env`, for every way to start a process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tms_core.app import configure
from tms_core.variables import unknown_variables
from tms_testing.fixtures import ALL_PACKAGES

BIN = Path(sys.executable).parent
INI = """
[app:main]
use = egg:tms-core
pyramid.includes = tms_api tms_notifications tms_local
tms.environment = development
tms.notifications.transport = file
tms.state_dir = %(here)s/state

[server:main]
use = egg:waitress#main
"""
COMMANDS = {
    "tms api": ["tms", "api"],
    "tms beat": ["tms", "beat"],
    "tms doctor": ["tms", "doctor"],
    "tms migrate": ["tms", "migrate"],
    "tms relay": ["tms", "relay"],
    "tms up": ["tms", "up"],
    "tms user": ["tms", "user", "list"],
    "tms worker": ["tms", "worker"],
    "tms mail": ["tms", "mail", "list"],
    "celery": ["celery", "-A", "tms_core.celery", "worker"],
    "pserve": ["pserve", "development.ini"],
    "wsgi": ["python", "-c", "from tms_core.wsgi import application; application()"],
}


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    state = str(tmp_path_factory.mktemp("state"))
    ini = {"tms.environment": "development", "tms.state_dir": state, "tms.notifications.transport": "file"}
    return list(
        configure({**ini, "pyramid.includes": " ".join((*ALL_PACKAGES, "tms_local"))}, web=False).registry.tms.groups
    )


def swapped(name: str) -> str:
    """Return the name with two neighbouring letters after the prefix swapped."""
    prefix, _, rest = name.partition("_")
    place = next(place for place in range(len(rest) - 1) if rest[place] != rest[place + 1])
    return f"{prefix}_{rest[:place]}{rest[place + 1]}{rest[place]}{rest[place + 2 :]}"


def test_every_misspelled_setting_is_refused_with_the_correct_name(groups):
    for declared in (declared for group in groups for declared in group.declarations()):
        found = unknown_variables({swapped(declared.env): "x"}, {}, groups)

        assert found == [f"unknown variable {swapped(declared.env)} in the environment: did you mean {declared.env}?"]


def test_every_correct_setting_is_allowed(groups):
    environ = {declared.env: "x" for group in groups for declared in group.declarations()}

    assert unknown_variables({**environ, "TMS_INI": "x", "TMS_IMAGE": "x", "TMS_SUPERVISED": "1"}, {}, groups) == []


def test_all_misspelled_variables_are_named_at_once_with_their_source(groups):
    beside = {"EMAIL_HOTS": "m", "EMAIL_SERVER": "m", "TSM_TIMEZONE": "UTC", "POSTGRES_PASSWORD": "x"}

    found = unknown_variables({"TMS_VISIBLITY": "x", "tms_api_port": "1", **beside}, beside, groups)

    assert found == [
        "unknown variable EMAIL_HOTS in .env: did you mean EMAIL_HOST?",
        "unknown variable EMAIL_SERVER in .env: did you mean EMAIL_USE_TLS?",
        "unknown variable TMS_VISIBLITY in the environment: did you mean TMS_VISIBILITY?",
        "unknown variable TSM_TIMEZONE in .env: did you mean TMS_TIMEZONE?",
        "unknown variable tms_api_port in the environment: did you mean TMS_API_PORT?",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "EMAIL",
        "EMAIL_BACKEND",
        "EMAIL_HOST_USER",
        "EDITOR",
        "TMSOMETHING",
        "TMS_API_SERVICE_HOST",
        "TMS_DB_PORT_5432_TCP_ADDR",
    ],
)
def test_variables_of_other_programs_are_allowed(groups, name):
    assert unknown_variables({name: "x", "TMS_WEB_PORT": "tcp://10.0.0.7:80"}, {}, groups) == []


def test_variables_of_excluded_packages_are_allowed_but_not_misspellings(groups):
    included = [group for group in groups if group.prefix != "tms.reports"]
    packages = [package for package in ALL_PACKAGES if package != "tms_reports"]

    assert unknown_variables({"TMS_REPORTS_THREADS": "2"}, {}, included, packages) == []
    assert unknown_variables({"TMS_REPORTS_THREDS": "2"}, {}, included, packages) == [
        "unknown variable TMS_REPORTS_THREDS in the environment: did you mean TMS_REPORTS_THREADS?"
    ]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_process_refuses_to_start_with_a_misspelling_in_env(tmp_path, command):
    (tmp_path / "development.ini").write_text(INI)
    (tmp_path / ".env").write_text("TMS_VISIBLITY=private\n")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TMS_")}

    done = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode != 0
    output = " ".join((done.stdout + done.stderr).split())
    assert "unknown variable TMS_VISIBLITY in .env: did you mean TMS_VISIBILITY?" in output
    assert "Traceback" not in output
    assert not (tmp_path / "state" / "postgres").exists()
