"""A file with the processes of a running system, so that the next start finds processes of a killed supervisor."""

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

GRACE = 10.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class RecordedProcess:
    """A process in the file. Process ids are reused; `began` distinguishes processes with the same id."""

    name: str
    pid: int
    began: str
    stop_signal: int


class ProcessRecord:
    """The file, updated at each start and end of a process. Linux only; elsewhere nothing is recorded."""

    def __init__(self, path: Path):
        self._path = path
        self._running: dict[int, RecordedProcess] = {}

    def add(self, name: str, pid: int, stop_signal: signal.Signals) -> None:
        if began := beginning(pid):
            self._running[pid] = RecordedProcess(name, pid, began, int(stop_signal))
            self._write()

    def remove(self, pid: int) -> None:
        if self._running.pop(pid, None):
            self._write()

    def end_leftovers(self, report: Callable[[str], None]) -> None:
        """End the processes of an earlier start in reverse order; skips reused ids, whose start times differ."""
        for process in reversed(self._read()):
            if beginning(process.pid) == process.began:
                _end(process)
                report(
                    f"ended {process.name} (process {process.pid}), which an earlier tms up that was killed had left"
                )
        self._write()

    def _read(self) -> list[RecordedProcess]:
        try:
            return [RecordedProcess(**entry) for entry in json.loads(self._path.read_bytes())]
        except (OSError, ValueError, TypeError):
            return []

    def _write(self) -> None:
        draft = self._path.with_name(f"{self._path.name}.new")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump([asdict(process) for process in self._running.values()], file)
        draft.replace(self._path)


def beginning(pid: int) -> str:
    """Return the start time of a process as boot id and clock tick; empty if there is no such process."""
    try:
        # The preceding process name, in brackets, may contain anything: 4242 (a ) name) S 1 …
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return "" if fields[0] == b"Z" else f"{BOOT_ID.read_text().strip()}:{int(fields[19])}"
    except (OSError, IndexError, ValueError):
        return ""


def _end(process: RecordedProcess) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, process.stop_signal)
        latest = time.monotonic() + GRACE
        while beginning(process.pid) == process.began and time.monotonic() < latest:
            time.sleep(0.02)
        # The process leads a group that contains its children.
        os.killpg(process.pid, signal.SIGKILL)
