"""A server on the data of a state directory: what PostgreSQL and Valkey have in common."""

import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from tms_local.embedded.account import Account
from tms_local.embedded.state import StateDirectory
from tms_local.supervisor import ProcessSpec


class EmbeddedServer(ABC):
    """A server without passwords, reachable only by the current user through a private socket.

    With `tcp_port` the server listens on 127.0.0.1 instead, for tests; `durable=False` may lose data on a power cut.
    """

    name: str
    stop_signal = signal.SIGTERM
    grace = 10.0
    # Of the server's process; None passes on that of the supervisor.
    environment: Mapping[str, str] | None = None

    def __init__(self, state: StateDirectory, account: Account, *, tcp_port: int | None = None, durable: bool = True):
        self._state = state
        self._account = account
        self._tcp_port = tcp_port
        self._durable = durable

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def initialise(self) -> None:
        """Make the data directory usable for the account; must be called before the process is started."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Return whether the server accepts connections."""

    @property
    @abstractmethod
    def _argv(self) -> Sequence[str | Path]: ...

    @property
    @abstractmethod
    def _advice(self) -> str:
        """What to do if the server does not start."""

    def process(self) -> ProcessSpec:
        return ProcessSpec(
            name=self.name,
            argv=self._argv,
            env=self.environment,
            cwd=self._state.path,
            popen_options=self._account.popen_options,
            is_ready=self.is_ready,
            stop_signal=self.stop_signal,
            grace=self.grace,
            advice=f"if its lines above speak of damage, {self._advice}",
        )
