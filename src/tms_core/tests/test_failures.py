"""Failing commands end with a message that names the remedy, and never with a traceback."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis
from sqlalchemy import create_engine, make_url, text

from tms_local.embedded.services import embedded_services

BIN = Path(sys.executable).parent
PATIENCE = 120
INI = """
[app:main]
use = egg:tms-core
pyramid.includes = {packages}
tms.environment = development
{more}

[server:main]
use = egg:waitress#main
"""
ALL = "tms_api tms_reports tms_realtime tms_notifications tms_local"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path, whose parent is private: for root, the servers run as another user."""
    with TemporaryDirectory(prefix="tms-test-") as name:
        yield Path(name).resolve()


@pytest.fixture
def run(folder) -> Run:
    """Run a command in a folder with a settings file, which has the lines `more`."""

    def run(*command: object, packages: str = ALL, more: str = "tms.notifications.transport = file", **env: object):
        (folder / "development.ini").write_text(INI.format(packages=packages, more=more))
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TMS_")}
        given = {"TMS_STATE_DIR": str(folder / "state")} | {name: str(value) for name, value in env.items()}
        return subprocess.run(
            [BIN / str(command[0]), *map(str, command[1:])], cwd=folder, env=clean | given, text=True,
            capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    return run


def refused(done: subprocess.CompletedProcess[str], *phrases: str) -> str:
    output = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in output
    for phrase in phrases:
        assert phrase in " ".join(output.split())
    return output


CANNOT_BE_USED = ("the state directory", "cannot be used", "choose another with --state-dir")


@pytest.mark.parametrize("path", ["/proc/x", "/dev/null/x", "file", "file/x"])
@pytest.mark.parametrize("command", [["up"], ["beat"], ["realtime"]], ids=lambda command: command[0])
def test_a_state_directory_that_cannot_be_created_is_named(folder, run, command, path):
    (folder / "file").touch()

    output = refused(run("tms", *command, TMS_STATE_DIR=path, TMS_DATABASE_URL="postgresql://x@127.0.0.1:9/x"))

    # The first process that connects to the database reports the failure.
    assert any(
        all(phrase in output for phrase in wanted) for wanted in (CANNOT_BE_USED, ("the database does not answer",))
    )
    assert command == ["realtime"] or "cannot be used" in output
    assert len(output.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_directory_without_permission_is_named(folder, run):
    (folder / "closed").mkdir(mode=0o500)

    refused(run("tms", "up", TMS_STATE_DIR="closed/state"), *CANNOT_BE_USED)


def test_a_damaged_signing_key_is_named(folder, run):
    (folder / "state").mkdir()
    (folder / "state" / "jwt.key").touch()

    refused(run("tms", "api"), "jwt.key is damaged: remove it")


COMMANDS = {
    "api": ["tms", "api"],
    "beat": ["tms", "beat"],
    "demo-data": ["tms", "demo-data"],
    "doctor": ["tms", "doctor"],
    "mail": ["tms", "mail", "list"],
    "migrate": ["tms", "migrate"],
    "realtime": ["tms", "realtime"],
    "rebuild-search": ["tms", "rebuild-search"],
    "relay": ["tms", "relay"],
    "report": ["tms", "report"],
    "up": ["tms", "up"],
    "user": ["tms", "user", "list"],
    "worker": ["tms", "worker"],
    "celery": ["celery", "-A", "tms_core.celery", "worker"],
    "pserve": ["pserve", "development.ini"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_names_all_invalid_settings(run, command):
    more = "tms.timezone = Mars\ntms.visibilty = private\ntms.notifications.transport = file"

    refused(
        run(*command, packages=f"{ALL} os tms_nothing ../tms_api tms_api.nothing", more=more, TMS_REDIS_URL="http://x"),
        "pyramid.includes names os, which is no package for TMS: take the line out",
        "pyramid.includes names tms_nothing, which is not installed",
        "pyramid.includes names tms_api.nothing, which is not installed",
        "pyramid.includes names ../tms_api, which is no name of a package",
        "tms.timezone (or TMS_TIMEZONE): must be an IANA time zone such as Europe/Berlin",
        "unknown setting tms.visibilty: did you mean tms.visibility?",
        "TMS_REDIS_URL): must begin with redis://",
    )


@pytest.mark.parametrize("command", [COMMANDS[name] for name in ("up", "mail", "celery")])
@pytest.mark.parametrize("name", ["nothing.ini", ".", "binary.ini", "empty.ini"])
def test_a_settings_file_that_cannot_be_read_is_named(folder, run, command, name):
    (folder / "binary.ini").write_bytes(b"\xff\xfe[\x00a")
    (folder / "empty.ini").touch()

    output = refused(run(*command, TMS_INI=folder / name), str(folder))

    assert output.count("Error: ") == 1


def test_an_env_file_that_cannot_be_read_is_named(folder, run):
    (folder / ".env").write_bytes(b"\xff\xfe")

    refused(run("tms", "user", "list"), ".env is no UTF-8 text")


@pytest.mark.parametrize(
    "command",
    [
        command
        for name, command in COMMANDS.items()
        if name in ("demo-data", "mail", "migrate", "realtime", "rebuild-search", "report", "user")
    ],
)
def test_an_unavailable_database_is_named(run, command):
    done = run(*command, TMS_DATABASE_URL="postgresql://tms:geheim@127.0.0.1:9/tms")

    output = refused(done, "the database does not answer at postgresql+psycopg2://tms:***@127.0.0.1:9/tms")
    assert "geheim" not in output


@pytest.mark.parametrize("url", ["postgresql://tms@h:port/tms", "postgresql://[::1/tms"])
@pytest.mark.parametrize("command", [["user", "list"], ["relay"]], ids=lambda command: command[0])
def test_an_invalid_database_url_is_named(run, command, url):
    refused(run("tms", *command, TMS_DATABASE_URL=url), "tms.database_url (or TMS_DATABASE_URL): must be")


@pytest.mark.parametrize("url", ["redis://h:port/0", "redis://[::1/0", "redis://h/zero"])
def test_an_invalid_redis_url_is_named(run, url):
    refused(run("tms", "worker", TMS_REDIS_URL=url), "tms.redis_url (or TMS_REDIS_URL): must be")


class TestPorts:
    def test_two_processes_cannot_share_a_port(self, folder, run):
        done = run("tms", "up", "--api-port", 8168, "--realtime-port", 8168, TMS_REALTIME_STATUS_PORT=8168)

        output = refused(
            done,
            "tms.api_port and tms.realtime.port are both 8168: choose another port for one of them",
            "tms.api_port and tms.realtime.status_port are both 8168",
        )
        assert len(output.splitlines()) == 1
        assert not (folder / "state" / "postgres").exists()

    def test_all_ports_in_use_are_named_at_once(self, folder, run):
        with OccupiedPorts(3) as ports:
            done = run(
                "tms", "up", "--api-port", ports[0], "--realtime-port", ports[1], TMS_REALTIME_STATUS_PORT=ports[2]
            )

        refused(
            done,
            f"port {ports[0]} on 127.0.0.1 is in use by another program: choose another with --api-port",
            f"port {ports[1]} on 127.0.0.1 is in use by another program: choose another with --realtime-port",
            f"port {ports[2]} on 127.0.0.1 is in use by another program: choose another with tms.realtime.status_port",
        )
        assert not (folder / "state" / "postgres").exists()

    @pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
    @pytest.mark.parametrize("command", ["api", "up"])
    def test_an_address_of_another_machine_is_named(self, run, command, host):
        refused(run("tms", command, TMS_API_HOST=host), f"on {host} cannot be listened on", "tms.api_host")


class OccupiedPorts:
    """Several ports in use."""

    def __init__(self, number: int):
        self._sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]

    def __enter__(self) -> list[int]:
        return [one.getsockname()[1] for one in self._sockets]

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            one.close()


@pytest.fixture
def empty_database(services) -> Iterator[str]:
    """A database without migrations."""
    engine = create_engine(services[0].replace("postgresql://", "postgresql+psycopg2://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE unmigrated"))
        yield make_url(services[0]).set(database="unmigrated").render_as_string(hide_password=False)
        connection.execute(text("DROP DATABASE unmigrated WITH (FORCE)"))
    engine.dispose()


def test_an_unmigrated_database_is_reported_with_the_command_to_run(run, empty_database):
    given = {"TMS_DATABASE_URL": empty_database}

    for command in (["user", "list"], ["demo-data"], ["mail", "list"], ["report"], ["realtime"]):
        refused(run("tms", *command, **given), "the database is not up to date", "run tms migrate")


@pytest.mark.parametrize("target", ["foo@base", "core@nothing", "@base", "core@", "core@-99", "core", "client@base"])
def test_an_invalid_downgrade_target_is_refused_with_the_branches(tms, target):
    done = tms("migrate", "--downgrade", target)

    assert done.exit_code == 1
    assert "--downgrade takes BRANCH@REVISION" in done.stderr
    assert "the branches of the included packages are core, api, reports, notifications, webhooks, web" in done.stderr


def test_a_revision_of_an_unknown_branch_is_refused(run):
    refused(run("tms", "migrate", "--revision", "x", "--package", "foo"), "no included package has the branch foo")


class TestDamage:
    """Damaged files of the embedded database."""

    @pytest.fixture
    def cluster(self, folder) -> Path:
        with embedded_services(folder / "state", durable=False):
            pass
        return folder / "state" / "postgres"

    @pytest.mark.parametrize("content", [b"", b"x", b"\xff\xfe"])
    def test_an_invalid_version_file(self, run, cluster, content):
        (cluster / "PG_VERSION").write_bytes(content)

        refused(run("tms", "up"), f"the data in {cluster} are damaged: restore a backup, or move the directory away")

    def test_a_missing_control_file_stops_the_start(self, run, cluster):
        (cluster / "global" / "pg_control").unlink()

        refused(run("tms", "up"), f"the data in {cluster} are damaged: restore a backup, or move the directory away")

    def test_damaged_postgresql_files_stop_the_start(self, run, cluster):
        (cluster / "global" / "pg_control").write_bytes(b"\0" * 8192)

        output = refused(
            run("tms", "up"), f"the data in {cluster} are damaged: restore a backup, or move the directory away"
        )
        assert "attempt 5 of 5" in output

    def test_damaged_valkey_files_stop_the_start(self, folder, run, cluster):
        state = folder / "state"
        with embedded_services(state) as (_, redis_url), redis.Redis.from_url(redis_url) as client:
            client.set("kept", "x")
        for file in (state / "valkey" / "appendonlydir").iterdir():
            file.write_bytes(b"no such thing")

        refused(run("tms", "up"), "attempt 5 of 5", f"move {state / 'valkey'} away")
