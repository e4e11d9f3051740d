"""A context manager that runs both embedded servers without the supervisor, for tests and benchmarks."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from os import PathLike
from pathlib import Path
from typing import IO

from tms_core.errors import UnavailableError
from tms_core.processes.orphans import dying_with_parent
from tms_local.embedded.account import service_account
from tms_local.embedded.ports import free_port
from tms_local.embedded.postgres import Postgres
from tms_local.embedded.state import StateDirectory
from tms_local.embedded.valkey import Valkey
from tms_local.supervisor import ProcessSpec

STARTING_TIME = 60.0
PROBE_INTERVAL = 0.02


@contextmanager
def embedded_services(
    state_dir: str | PathLike[str], *, tcp: bool = False, durable: bool = True
) -> Iterator[tuple[str, str]]:
    """Run PostgreSQL and Valkey and yield their URLs; stop both at the end of the block.

    With `tcp` the servers listen on free ports of 127.0.0.1; `durable=False` is faster but may lose data on a power
    cut.
    """
    state = StateDirectory(state_dir)
    state.prepare()
    account = service_account()
    ports = (free_port(), free_port()) if tcp else (None, None)
    postgres = Postgres(state, account, tcp_port=ports[0], durable=durable)
    valkey = Valkey(state, account, tcp_port=ports[1], durable=durable)
    with state.lock(), ExitStack() as running:
        for service in (postgres, valkey):
            service.initialise()
            running.enter_context(_running(service.process(), state.path))
        yield postgres.url, valkey.url


@contextmanager
def _running(spec: ProcessSpec, logs: Path) -> Iterator[None]:
    with (logs / f"{spec.name}.log").open("w+b") as log:
        process = subprocess.Popen(
            # Servers end with a killed test run.
            dying_with_parent(spec.argv, spec.stop_signal),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=spec.env,
            cwd=spec.cwd,
            start_new_session=True,
            **spec.popen_options,
        )
        try:
            _await(spec, process, log)
            yield
        finally:
            process.send_signal(spec.stop_signal)
            try:
                process.wait(spec.grace)
            finally:
                process.kill()
                process.wait()


def _await(spec: ProcessSpec, process: "subprocess.Popen[bytes]", log: IO[bytes]) -> None:
    deadline = time.monotonic() + STARTING_TIME
    while spec.is_ready and not spec.is_ready():
        try:
            process.wait(PROBE_INTERVAL)
        except subprocess.TimeoutExpired:
            if time.monotonic() < deadline:
                continue
        log.seek(0)
        raise UnavailableError(f"{spec.name} does not start:\n{log.read().decode(errors='replace')}")
