"""The README's tour, run in a shell against a system started by `tms up`."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tms_local.embedded.ports import free_port
from tms_testing.processes import WatchedProcess

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TOUR = re.search(r"## Five minutes\n(.*?)\n## ", (ROOT / "README.md").read_text(), re.DOTALL)
# Nine interpreters start slowly on a busy machine with two cores.
PATIENCE = 120.0
MESSAGE_TIMEOUT = 30.0


@dataclass
class System:
    process: WatchedProcess
    state: Path
    api_port: int
    realtime_port: int

    def shell(self, *blocks: str) -> str:
        """Run the code blocks in one shell and return their output."""
        script = "\n".join(blocks).replace(":8000/", f":{self.api_port}/").replace(".venv/bin/", f"{BIN}/")
        environment = os.environ | {"TMS_STATE_DIR": str(self.state), "TMS_INI": str(ROOT / "development.ini")}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=ROOT,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with tempfile.TemporaryDirectory(prefix="tms-tour-") as folder:
        state = Path(folder) / "state"
        api_port, realtime_port = free_port(), free_port()
        argv = [BIN / "tms", "up", ROOT / "development.ini", "--state-dir", state]
        ports = ["--api-port", str(api_port), "--realtime-port", str(realtime_port)]
        with WatchedProcess([*argv, *ports], patience=PATIENCE) as process:
            process.wait_for("TMS is up")
            yield System(process, state, api_port, realtime_port)


def documents(text: str) -> list[dict]:
    """Return the concatenated JSON documents in a text."""
    decoder, found, place = json.JSONDecoder(), [], 0
    while place < len(text):
        document, place = decoder.raw_decode(text, place)
        found.append(document)
    return found


def test_the_readme_tour_prints_the_documented_output_and_leaves_no_process(system):
    sign_in, watch, work, read_mail = re.findall(r"```bash\n(.*?)```", TOUR[1], re.DOTALL)
    address = watch.split()[1].replace(":8001/", f":{system.realtime_port}/")

    with connect(address) as socket:
        output = system.shell(sign_in, work)
        messages = [json.loads(socket.recv(MESSAGE_TIMEOUT)) for _ in range(2)]

    ann, bob, changed, page, report = documents(output)
    assert (ann["username"], bob["username"]) == ("ann", "bob")
    assert (changed["status"], changed["version"]) == ("IN_PROGRESS", 2)
    assert page["results"] == [changed]
    assert (report["total"], report["tasks_assigned"]) == (1, {"bob": 1})
    assert [message["event"] for message in messages] == ["created", "updated"]
    assert [message["event_id"] for message in messages] == [1, 2]
    assert messages[1]["changes"] == ["status"]

    list_mail, _ = read_mail.split("\n", 1)
    # By one task or by two.
    sent, deadline = 0, time.monotonic() + PATIENCE
    while sent < 2:
        assert time.monotonic() < deadline
        sent = system.shell(f"{list_mail} --status sent").count("Write the announcement")
    shown = system.shell(read_mail)

    assert "bob@example.com" in shown

    assert system.process.stop() == 0
    assert system.process.living() == {}
