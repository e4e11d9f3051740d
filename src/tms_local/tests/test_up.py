"""`tms up` with the core only, as a process with its own state directory."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tms_local.embedded.ports import free_port
from tms_local.supervisor import ProcessRecord
from tms_testing.processes import WatchedProcess

TMS = Path(sys.executable).with_name("tms")
# Five interpreters start slowly on a busy machine.
PATIENCE = 120.0
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
INI = """
[app:main]
use = egg:tms-core
pyramid.includes = tms_local
tms.environment = development
tms.api_workers = 1
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path, whose parent is private: for root, the servers run as another user."""
    with tempfile.TemporaryDirectory(prefix="tms-test-") as name:
        yield Path(name).resolve()


@pytest.fixture
def ini(folder) -> Path:
    file = folder / "core.ini"
    file.write_text(INI)
    return file


@pytest.fixture
def port() -> int:
    return free_port()


def up(ini: Path, port: int, *, demo: bool = False, **env: str) -> WatchedProcess:
    argv = [
        TMS,
        "up",
        ini,
        "--state-dir",
        ini.parent / "state",
        "--api-port",
        str(port),
        *(["--demo"] if demo else []),
    ]
    return WatchedProcess(argv, patience=PATIENCE, env=os.environ | env)


@linux_only
def test_the_system_starts_refuses_a_second_start_and_leaves_no_process(folder, ini, port):
    with up(ini, port) as system:
        system.wait_for("TMS is up")
        with urllib.request.urlopen(f"http://localhost:{port}/api/ready") as answer:
            assert answer.status == 200

        with up(ini, port) as second:
            assert second.end() == 1
            assert re.search(rf"{folder}/state is in use by another tms up \(process \d+\)", second.text)

        assert system.stop() == 0
        assert system.living() == {}
        ends = [system.text.index(f"{name} ended with status 0") for name in ("relay", "valkey", "postgres")]
        assert ends == sorted(ends)


def test_a_port_in_use_is_reported_before_any_process_starts(folder, ini, port):
    with socket.create_server(("127.0.0.1", port)), up(ini, port) as system:
        assert system.end() == 1

    assert f"port {port} on 127.0.0.1 is in use by another program: choose another with --api-port" in system.text
    assert not (folder / "state" / "postgres").exists()


def processes(system: WatchedProcess) -> tuple[int, int]:
    """Return the process ids of the guard and the supervisor."""
    supervisor = next(pid for pid in system.living() if _parent(pid) == system.pid)
    return system.pid, supervisor


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def kill_both(system: WatchedProcess) -> None:
    """Kill the supervisor and the guard, which is stopped first so that it cannot react."""
    guard, supervisor = processes(system)
    os.kill(guard, signal.SIGSTOP)
    os.kill(supervisor, signal.SIGKILL)
    os.kill(guard, signal.SIGKILL)


@linux_only
def test_no_process_survives_a_killed_supervisor_and_guard(folder, ini, port):
    with up(ini, port) as system:
        system.wait_for("TMS is up")
        watched = [os.pidfd_open(pid) for pid in system.living()]

        kill_both(system)

        # PostgreSQL writes a checkpoint first.
        for descriptor in watched:
            assert select.select([descriptor], [], [], PATIENCE)[0]
            os.close(descriptor)
        assert system.living() == {}

    with up(ini, port) as again:
        again.wait_for("TMS is up")
        assert again.stop() == 0


@linux_only
def test_surviving_processes_are_ended_by_the_next_start(folder, ini, port):
    # Without setpriv(1), PostgreSQL and Valkey survive their parent.
    path = folder / "bin"
    path.mkdir()
    with up(ini, port, PATH=str(path)) as system:
        system.wait_for("TMS is up")
        kill_both(system)
        servers = {
            name: int(system.wait_for(rf"{name} started \(process (\d+)\)")[0][1]) for name in ("postgres", "valkey")
        }
        assert all(Path(f"/proc/{pid}").exists() for pid in servers.values())

        with up(ini, port) as again:
            again.wait_for("TMS is up")

            for name, pid in servers.items():
                assert f"ended {name} (process {pid}), which an earlier tms up that was killed had left" in again.text
            assert again.stop() == 0
        assert system.living() == {}


def test_a_process_with_a_reused_id_is_not_ended(folder):
    record = ProcessRecord(folder / "processes.json")
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as other:
        record.add("postgres", other.pid, signal.SIGINT)
        written = (folder / "processes.json").read_text()
        began = json.loads(written)[0]["began"] if written != "[]" else "none"
        (folder / "processes.json").write_text(written.replace(began, "another boot:1"))
        messages: list[str] = []

        ProcessRecord(folder / "processes.json").end_leftovers(messages.append)

        assert (other.poll(), messages) == (None, [])
        other.kill()


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'[{"pid": 1}]'])
def test_an_unreadable_record_ends_no_process(folder, content):
    (folder / "processes.json").write_bytes(content)

    ProcessRecord(folder / "processes.json").end_leftovers(lambda text: pytest.fail(text))

    assert json.loads((folder / "processes.json").read_text()) == []


@linux_only
def test_services_share_imported_modules_and_have_names(folder, ini, port):
    with up(ini, port) as system:
        system.wait_for("TMS is up")

        names = {_command(pid) for pid in system.living()}

        assert {"tms api", "tms relay", "tms worker", "tms beat"} <= names
        relay = int(system.wait_for(r"relay started \(process (\d+)\)")[0][1])
        assert _parent(relay) == processes(system)[1]
        assert _private_share(relay) < 0.6


def test_shared_modules_exclude_those_with_import_time_configuration():
    code = "import sys; from tms_local.local_system import _load; _load(); print(*sys.modules, 'end')"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    # prometheus_client chooses its mode on import, and realtime chooses the reactor.
    assert {"prometheus_client", "twisted.internet.reactor"} & set(loaded) == set()
    assert {"celery.apps.worker", "sqlalchemy.orm", "pyramid.config"} <= set(loaded)


@linux_only
def test_services_are_started_without_a_fork_server_that_has_died(folder, ini, port):
    with up(ini, port) as system:
        system.wait_for("TMS is up")
        supervisor = processes(system)[1]
        server = next(pid for pid in system.living() if _parent(pid) == supervisor and _command(pid) == "tms")
        watched = os.pidfd_open(server)
        os.kill(server, signal.SIGKILL)
        assert select.select([watched], [], [], PATIENCE)[0]
        os.close(watched)

        os.kill(int(system.wait_for(r"relay started \(process (\d+)\)")[0][1]), signal.SIGKILL)

        system.wait_for("leading; sinks", count=2)
        assert system.stop() == 0


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def _private_share(pid: int) -> float:
    sizes = dict(line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return int(sizes["Private_Dirty"].split()[0]) / int(sizes["Rss"].split()[0])


@linux_only
def test_state_is_private_whatever_the_umask(folder, ini, port):
    before = os.umask(0)
    try:
        system = up(ini, port)
    finally:
        os.umask(before)
    with system:
        system.wait_for("TMS is up")
        allowed = 0o011 if os.geteuid() == 0 else 0

        assert (folder / "state").stat().st_mode & 0o077 & ~allowed == 0
        for path in (folder / "state").iterdir():
            # For root, the servers create their sockets with the group's permissions.
            shared = 0o070 if path.name == "run" and os.geteuid() == 0 else 0
            assert path.stat().st_mode & 0o077 & ~shared == 0, path
        assert system.stop() == 0


def test_the_demo_names_a_user_to_sign_in_as(folder, ini, port):
    with up(ini, port, demo=True) as system:
        system.wait_for("Ctrl-C stops everything")

        assert re.search(r"Sign in as +ada\.adeyemi, password password123 \(administrator\)\n", system.text)
        assert re.search(r"^ +amir\.almeida, password password123 \(member\)\n", system.text, re.M)
        assert re.search(r"added 223 tasks .* with \d+ events of their histories", system.text)
        for address in re.findall(rf"http://localhost:{port}\S+", system.text):
            with urllib.request.urlopen(address) as answer:
                assert answer.status == 200
        assert system.stop() == 0
