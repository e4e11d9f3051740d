"""The banner of `tms up`: the lines of the core and of the included packages."""

import os
import re

import pytest

from tms_core.app import configure
from tms_core.commands.program import tms_command
from tms_local.banner import banner
from tms_local.embedded.state import StateDirectory

ALL = "tms_api tms_reports tms_realtime tms_notifications tms_local"


@pytest.fixture
def show(tmp_path):
    """Returns the banner of a system with these packages and settings."""

    def show(packages: str, **settings: str) -> str:
        ini = {
            "pyramid.includes": packages,
            "tms.environment": "development",
            "tms.state_dir": str(tmp_path / "state"),
            "tms.notifications.transport": "file",
            **{key.replace("__", "."): value for key, value in settings.items()},
        }
        runtime = configure(ini, web=False).registry.tms
        return banner(runtime, StateDirectory(runtime.core.state_dir), {"TMS_API_PORT": "8000"})

    return show


def test_the_banner_shows_the_addresses_of_all_packages_in_their_order(show, tmp_path):
    state = StateDirectory(tmp_path / "state")

    shown = show(ALL, tms__api_port="8123", tms__realtime__port="8124")

    assert (
        shown
        == f"""
TMS is up.

  REST API       http://localhost:8123/api
  Documentation  http://localhost:8123/api/docs
  WebSocket      ws://localhost:8124/ws/tasks/
  Mail           files in {state.path}/mail; read them with: {tms_command()} mail list
  Database       {state.database_url}
  Redis          {state.redis_url}

Next, in another terminal:

  export TMS_API_PORT=8000
  {tms_command()} doctor
  {tms_command()} user create admin --admin
  curl http://localhost:8123/api/users/ -H 'Content-Type: application/json' \
-d '{{"username": "ada", "email": "ada@example.com", "password": "password123"}}'
  curl http://localhost:8123/api/token/ -H 'Content-Type: application/json' \
-d '{{"username": "ada", "password": "password123"}}'

Ctrl-C stops everything; the data stay in {state.path}.

"""
    )


def test_a_system_without_pages_shows_an_address_that_answers(show):
    shown = show("tms_notifications tms_local", tms__api_host="::")

    assert re.search(r"^  Health +http://localhost:8000/api/health$", shown, re.MULTILINE)
    assert "curl" not in shown
    assert "REST API" not in shown


def test_servers_that_are_set_and_other_transports_are_named_so(show):
    shown = show(
        ALL,
        tms__database_url="postgresql://tms:hunter2@db/tms",
        tms__redis_url="redis://redis",
        tms__notifications__transport="smtp",
        tms__notifications__email_host="mail.example.com",
        tms__notifications__email_port="25",
        tms__notifications__sender="tms@example.com",
    )

    assert re.search(r"^  Mail +by smtp$", shown, re.MULTILINE)
    assert not {"Database", "Redis", "hunter2"} & set(re.findall(r"\w+", shown))


def test_settings_that_commands_find_by_themselves_are_not_exported(show, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    runtime = configure(
        {"pyramid.includes": "tms_local", "tms.environment": "development", "tms.state_dir": str(tmp_path)}, web=False
    ).registry.tms

    shown = banner(runtime, StateDirectory(tmp_path), {"TMS_INI": os.path.abspath("development.ini")})

    assert "export" not in shown
