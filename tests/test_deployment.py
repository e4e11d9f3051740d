"""The services of docker-compose.yml without Docker.

Their commands run with production.ini and the environment that compose would set, against PostgreSQL and Valkey over
TCP.
"""

import json
import os
import queue
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email import message_from_bytes
from email.policy import default as email_policy
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from compose_file import EXAMPLE, FILLED_IN, ROOT, Service, services
from websockets.sync.client import connect

from tms_local.embedded.ports import free_port
from tms_local.embedded.services import embedded_services
from tms_local.supervisor.probe import Probe
from tms_testing.processes import WatchedProcess

BIN = Path(sys.executable).parent
# A dozen interpreters start slowly on a busy machine.
PATIENCE = 120.0
SMALL = {"TMS_API_WORKERS": "1", "TMS_WORKER_PROCESSES": "1"}
PROCESSES = ("api", "realtime", "relay", "webhooks", "worker", "beat")


class Inbox:
    """An SMTP handler that stores the mails."""

    def __init__(self) -> None:
        self.mails: queue.Queue = queue.Queue()

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.mails.put((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=email_policy)))
        return "250 taken"


class Deployment:
    """The services that compose would start, on free local ports."""

    def __init__(self, folder: Path, database_url: str, redis_url: str, email_port: int):
        shutil.copy(ROOT / "production.ini", folder)
        self.api_port, self.realtime_port, self.status_port = free_port(), free_port(), free_port()
        self.services = services({**EXAMPLE, **FILLED_IN, **SMALL, "EMAIL_PORT": str(email_port)})
        self._folder = folder
        self._urls = {"@db:5432/tms": "@" + database_url.partition("@")[2], "redis://redis:6379/0": redis_url}
        self._stack = ExitStack()
        self.processes: dict[str, WatchedProcess] = {}

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    def environment(self, service: Service) -> dict[str, str]:
        """Return the environment with host names of containers and paths of the image replaced by local ones."""
        given = {**service.environment, "PATH": f"{BIN}:{os.defpath}", "HOME": str(self._folder)}
        for name, url in self._urls.items():
            given = {key: value.replace(name, url) for key, value in given.items()}
        return given | {
            "TMS_INI": str(self._folder / "production.ini"),
            "TMS_STATE_DIR": str(self._folder),
            "TMS_API_PORT": str(self.api_port),
            "TMS_REALTIME_PORT": str(self.realtime_port),
            "TMS_REALTIME_STATUS_PORT": str(self.status_port),
        }

    def run(self, command: list[str], environment: dict[str, str]) -> WatchedProcess:
        argv = [BIN / command[0], *command[1:]]
        return WatchedProcess(argv, patience=PATIENCE, env=environment, cwd=self._folder)

    def start(self, name: str) -> WatchedProcess:
        service = self.services[name]
        process = self._stack.enter_context(self.run(service.command, self.environment(service)))
        self.processes[name] = process
        return process

    def check_health(self, name: str) -> int:
        """Return the exit status of the service's health check."""
        service = self.services[name]
        ports = {"8000": str(self.api_port), "9001": str(self.status_port)}
        command = [_replaced(argument, ports) for argument in service.healthcheck or []]
        with self.run(command, self.environment(service)) as check:
            return check.end()

    def close(self) -> None:
        self._stack.close()


def _replaced(text: str, replacements: dict[str, str]) -> str:
    for old, new in replacements.items():
        text = text.replace(old, new)
    return text


def call(url: str, body: dict | None = None, token: str = "") -> dict:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def wait_until(is_so: Callable[[], bool]) -> None:
    so = threading.Event()
    Probe(is_so, so.set).start()
    assert so.wait(PATIENCE)


def answers(url: str) -> bool:
    try:
        return bool(call(url))
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A temporary directory that is accessible to the users as whom root's servers run, unlike tmp_path."""
    with tempfile.TemporaryDirectory(prefix="tms-deployment-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def inbox() -> Iterator[tuple[Inbox, int]]:
    inbox, port = Inbox(), free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield inbox, port
    controller.stop()


@pytest.fixture(scope="module")
def deployment(folder, inbox) -> Iterator[Deployment]:
    with embedded_services(folder / "servers", tcp=True, durable=False) as (database_url, redis_url):
        deployment = Deployment(folder, database_url, redis_url, inbox[1])
        yield deployment
        deployment.close()


def test_the_services_work_end_to_end_and_stop_on_sigterm(deployment, inbox, folder):
    assert deployment.start("migrate").end() == 0
    for name in PROCESSES:
        deployment.start(name)
    wait_until(lambda: answers(f"{deployment.api}/api/ready"))
    deployment.processes["realtime"].wait_for("listening on")
    deployment.processes["relay"].wait_for("leading")
    wait_until(lambda: any(folder.glob("beat-schedule*")))

    message, recipients, mail = do_the_main_job(deployment, inbox[0])

    assert (message["event"], message["title"]) == ("created", "Paint the shed")
    assert recipients == ["bob@example.com"]
    assert "Paint the shed" in mail["Subject"]
    assert "https://tasks.example.com/" in mail.get_body(("plain",)).get_content()
    assert [deployment.check_health(name) for name in ("api", "realtime")] == [0, 0]
    assert ended(deployment) == dict.fromkeys(PROCESSES, 0)
    assert [deployment.check_health(name) for name in ("api", "realtime")] == [1, 1]


def do_the_main_job(deployment: Deployment, inbox: Inbox) -> tuple[dict, list[str], object]:
    """Create a task over HTTP; return the WebSocket message, the mail's recipients and the mail."""
    ids = {}
    for name in ("ann", "bob"):
        user = {"username": name, "email": f"{name}@example.com", "password": "password123"}
        ids[name] = call(f"{deployment.api}/api/users/", user)["id"]
    # Registration is open, so mails about tasks are sent to verified addresses only.
    for _ in ids:
        proof = inbox.mails.get(timeout=PATIENCE)[1].get_body(("plain",)).get_content()
        token = re.search(r"#token=(\S+)", proof)[1]
        call(f"{deployment.api}/api/email-verification/confirm", {"token": token})
    token = call(f"{deployment.api}/api/token/", {"username": "ann", "password": "password123"})["access"]
    address = f"ws://127.0.0.1:{deployment.realtime_port}/ws/tasks/"
    with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        call(f"{deployment.api}/api/task/", {"title": "Paint the shed", "assigned_to": ids["bob"]}, token)
        message = json.loads(socket.recv(PATIENCE))
    return message, *inbox.mails.get(timeout=PATIENCE)


def ended(deployment: Deployment) -> dict[str, int]:
    """Stop all services at once, each within its grace period; return their exit statuses."""
    running = {name: process for name, process in deployment.processes.items() if name != "migrate"}
    began = time.monotonic()
    for process in running.values():
        process.send(signal.SIGTERM)
    found = {}
    for name, process in sorted(running.items(), key=lambda item: deployment.services[item[0]].grace):
        found[name] = process.end()
        assert time.monotonic() - began < deployment.services[name].grace, name
        assert process.living() == {}, name
    return found


def test_no_service_starts_without_a_key(deployment):
    with ExitStack() as stack:
        processes = {name: stack.enter_context(with_key(deployment, name, "")) for name in deployment.services}
        statuses = {name: process.end() for name, process in processes.items()}

    assert statuses == dict.fromkeys(processes, 2)
    assert all("TMS_JWT_PRIVATE_KEY" in process.text for process in processes.values())


@pytest.mark.parametrize("key", ["random-but-short-7f3b9c0d", "change-me-change-me-change-me-change-me"])
def test_the_api_does_not_start_with_a_weak_key(deployment, key):
    with with_key(deployment, "api", key) as process:
        assert process.end() == 2

    assert "TMS_JWT_PRIVATE_KEY" in process.text
    assert key not in process.text


def with_key(deployment: Deployment, name: str, key: str) -> WatchedProcess:
    service = deployment.services[name]
    return deployment.run(service.command, deployment.environment(service) | {"TMS_JWT_PRIVATE_KEY": key})
