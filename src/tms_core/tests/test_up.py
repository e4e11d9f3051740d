"""`tms up` from outside: the core alone, as a process, with its own state directory."""

import re
import socket
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tms_core.embedded.ports import free_port
from tms_core.testing_processes import WatchedProcess

TMS = Path(sys.executable).with_name("tms")
# On a busy machine five interpreters need their time.
PATIENCE = 120.0
INI = """
[app:main]
use = egg:tms-core
tms.environment = development
tms.api_workers = 1
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: every pytest session closes its parent to other users, whom root's servers run as."""
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


def up(ini: Path, port: int) -> WatchedProcess:
    words = [TMS, "up", ini, "--state-dir", ini.parent / "state", "--api-port", str(port)]
    return WatchedProcess(words, patience=PATIENCE)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_the_whole_comes_up_refuses_a_second_and_goes_without_a_rest(folder, ini, port):
    with up(ini, port) as system:
        system.wait_for("TMS is up")
        with urllib.request.urlopen(f"http://localhost:{port}/api/ready") as answer:
            assert answer.status == 200
        assert (folder / "state" / "mail").is_dir()

        with up(ini, port) as second:
            assert second.end() == 1
            assert re.search(rf"{folder}/state is in use by another tms up \(process \d+\)", second.text)

        assert system.stop() == 0
        assert system.living() == {}
        ends = [system.text.index(f"{name} ended with status 0") for name in ("relay", "valkey", "postgres")]
        assert ends == sorted(ends)


def test_a_port_in_use_is_told_before_anything_is_started(folder, ini, port):
    with socket.create_server(("127.0.0.1", port)), up(ini, port) as system:
        assert system.end() == 1

    assert f"port {port} on 127.0.0.1 is in use by another program: choose another with --api-port" in system.text
    assert not (folder / "state" / "postgres").exists()
