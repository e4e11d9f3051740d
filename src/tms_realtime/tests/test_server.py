"""Start and shutdown of the process, and the modules that it loads."""

import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

TMS = str(Path(sys.executable).with_name("tms"))
HEAD = b"GET /ws/tasks/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
REST = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
FORBIDDEN = {"cornice", "celery", "kombu", "pyramid_tm", "tms_core.web", "tms_core.celery"}


@pytest.fixture(scope="module")
def settings():
    return {"tms.realtime.anonymous": "true"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_clients_are_closed_with_1001_on_a_signal(number, start_realtime, listen, stream):
    realtime = start_realtime()
    gone, *listeners = [listen(to=realtime) for _ in range(4)]
    gone.connection.close()
    source = stream(to=realtime)
    late = realtime.connect(HEAD)

    # Twice, as by Ctrl-C in a terminal and SIGTERM from a supervisor.
    realtime.process.send_signal(number)
    realtime.process.send_signal(signal.SIGTERM)
    realtime.log.wait_for("shutting down: closing 4 connections")
    with late, late.makefile("rb") as answer:
        late.sendall(REST)
        assert answer.readline().startswith(b"HTTP/1.1 101 ")
        while (line := answer.readline()) != b"\r\n":
            assert line
        assert answer.read(4)[2:] == struct.pack("!H", 1001)
        late.sendall(b"\x88\x80\0\0\0\0")

    assert [listener.close_code() for listener in listeners] == [1001, 1001, 1001]
    assert source.rest() == b"retry: 2000\n\n"
    realtime.log.wait_for_end()
    assert realtime.process.wait(60) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", realtime.port))
    assert "Traceback" not in realtime.log.text


def test_unresponsive_clients_delay_the_shutdown_only_briefly(start_realtime):
    realtime = start_realtime(**{"tms.realtime.handshake_seconds": "60"})
    with realtime.open(), realtime.connect(b"GET /ws/tasks/ HTTP/1.1\r\n"):
        began = time.monotonic()

        assert realtime.end() == 0

    # Clients have some time to answer the close frame.
    assert time.monotonic() - began > 2


def test_nothing_is_sent_after_the_close(start_realtime):
    realtime = start_realtime()
    with realtime.open() as connection:
        realtime.process.terminate()
        close = connection.recv(65_536)
        assert close[0] == 0x88

        connection.sendall(b'\x81\x8f\0\0\0\0{"type":"ping"}' + b"\x88\x80\0\0\0\0")

        with suppress(ConnectionResetError):
            assert connection.recv(65_536) == b""
    assert realtime.process.wait(60) == 0


def test_an_occupied_port_is_reported(realtime, ini, tmp_path, write_ini):
    path = write_ini(tmp_path, ini | {"tms.realtime.port": str(realtime.port)})

    ended = subprocess.run([TMS, "--ini", path, "realtime"], capture_output=True, text=True, timeout=60)

    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{realtime.port}" in ended.stderr
    assert "Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_process_does_not_start_without_a_database(ini, tmp_path, write_ini):
    path = write_ini(tmp_path, ini | {"tms.database_url": "postgresql://nobody@127.0.0.1:1/nothing"})

    ended = subprocess.run([TMS, "--ini", path, "realtime"], capture_output=True, text=True, timeout=60)

    assert ended.returncode == 1
    assert "the database does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_process_loads_neither_web_application_nor_worker(start_realtime, monkeypatch):
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")

    realtime = start_realtime()
    realtime.end()

    loaded = {
        line.rpartition("|")[2].strip() for line in realtime.log.text.splitlines() if line.startswith("import time:")
    }
    assert "tms_realtime.wire.websocket" in loaded
    assert not {name for name in loaded if name in FORBIDDEN or name.partition(".")[0] in FORBIDDEN}


def test_help_does_not_load_the_reactor():
    program = "import sys, tms_realtime.commands; sys.exit('autobahn' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
