"""The processes of a whole system on one machine, in the stages in which they start and stop."""

import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from tms_core.commands.program import tms_program
from tms_core.errors import ConfigurationError
from tms_core.logs import SUPERVISED
from tms_core.processes.ports import require_free
from tms_core.registry import ProcessEntry
from tms_core.runtime import Runtime
from tms_local.embedded.account import service_account
from tms_local.embedded.postgres import Postgres
from tms_local.embedded.server import EmbeddedServer
from tms_local.embedded.state import StateDirectory
from tms_local.embedded.valkey import Valkey
from tms_local.port_options import port_options
from tms_local.supervisor import ProcessSpec

CORE_PROCESSES = ("relay", "worker", "beat")
PROBE_TIMEOUT = 5.0
# A process that listens on another address than loopback never answers the probe.
LISTENING_AT_LATEST = 15.0


def embedded_servers(runtime: Runtime, state: StateDirectory) -> list[EmbeddedServer]:
    """Return the servers whose URL is not set; PostgreSQL first, so that it stops last."""
    account = service_account()
    servers: list[EmbeddedServer] = []
    if runtime.core.database_url is None:
        servers.append(Postgres(state, account))
    if runtime.core.redis_url is None:
        servers.append(Valkey(state, account))
    return servers


def jobs(*, demo: bool) -> list[ProcessSpec]:
    """Return the jobs that run once before the processes start."""
    specs = [_spec("migrate", ["migrate"], once=True)]
    if demo:
        argv = ["demo-data", "--tasks", "200", "--users", "10", "--if-empty", "--history", "--team"]
        specs.append(_spec("demo-data", argv, once=True))
    return specs


def processes(runtime: Runtime) -> list[ProcessSpec]:
    """Return the processes of the core and of the included packages."""
    api = _spec("api", ["api"], is_ready=lambda: _is_ok(f"{runtime.core.local_api_url}/api/ready"))
    own = [_spec(name, [name]) for name in CORE_PROCESSES]
    return [api, *own, *(_registered(entry, runtime) for entry in runtime.registry.processes.values())]


def require_ports(runtime: Runtime) -> None:
    """Raise `ConfigurationError` naming every port that two processes share or that another program uses."""
    core = runtime.core
    listening = [("tms.api_port", core.api_host, core.api_port)]
    for entry in runtime.registry.processes.values():
        listening += entry.listens(runtime)
    options = {option.key: option.flag for option in port_options()}
    errors: list[str] = []
    keys: dict[int, str] = {}
    for key, host, port in listening:
        if not port:
            continue
        if port in keys:
            errors.append(f"{keys[port]} and {key} are both {port}: choose another port for one of them")
            continue
        keys[port] = key
        try:
            require_free(host, port, options.get(key, key), key.replace("status_port", "host").replace("port", "host"))
        except ConfigurationError as error:
            errors += error.sentences
    if errors:
        raise ConfigurationError(*errors)


def _registered(entry: ProcessEntry, runtime: Runtime) -> ProcessSpec:
    return _spec(entry.name, list(entry.argv), is_ready=_listens(entry.port(runtime)) if entry.port else None)


def _spec(name: str, argv: list[str], *, once: bool = False, is_ready: Callable[[], bool] | None = None) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        argv=[tms_program(), *argv],
        command=argv,
        env=os.environ | {"PYTHONUNBUFFERED": "1", SUPERVISED: "1"},
        once=once,
        is_ready=is_ready,
    )


def _is_ok(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PROBE_TIMEOUT) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _listens(port: int) -> Callable[[], bool]:
    latest = None

    def listens() -> bool:
        nonlocal latest
        latest = latest or time.monotonic() + LISTENING_AT_LATEST
        try:
            socket.create_connection(("localhost", port), PROBE_TIMEOUT).close()
        except OSError:
            return time.monotonic() >= latest
        return True

    return listens
