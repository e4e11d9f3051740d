"""Measures the start-up time of `tms up` and the memory of the idle system: .venv/bin/python bench/startup.py.

Each round consists of a first start without data and a second start with the data of the first, in a temporary state
directory. Besides the elapsed time, the CPU time of all processes is measured, which depends less on other load.
Memory is the sum of proportional set sizes (PSS), in which shared pages count once. Linux only.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tms_local.embedded.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
TMS = Path(sys.executable).with_name("tms")
TICKS = os.sysconf("SC_CLK_TCK")
# utime, stime, cutime and cstime among the fields after the name in /proc/PID/stat.
TIMES = slice(11, 15)


class Start(NamedTuple):
    seconds: float
    processor: float
    mebibytes: float
    processes: int


def processor_seconds(pids: list[int]) -> float:
    return sum(sum(map(int, fields[TIMES])) for pid in pids if (fields := _stat(pid))) / TICKS


def mebibytes(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def descendants(pid: int) -> list[int]:
    """Return the ids of a process and all its descendants."""
    stats = {int(path.name): _stat(int(path.name)) for path in Path("/proc").glob("[0-9]*")}
    found = [pid]
    for parent in found:
        found += [child for child, fields in stats.items() if fields and int(fields[1]) == parent]
    return found


def _stat(pid: int) -> list[str]:
    try:
        # The process name, in parentheses before these fields, may contain any character.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def start(ini: Path, state: Path, idle: float) -> Start:
    ports = {"TMS_API_PORT": free_port(), "TMS_REALTIME_PORT": free_port(), "TMS_REALTIME_STATUS_PORT": free_port()}
    environment = os.environ | {name: str(port) for name, port in ports.items()}
    began = time.monotonic()
    with subprocess.Popen(
        [TMS, "up", ini, "--state-dir", state], stdout=subprocess.PIPE, text=True, env=environment
    ) as system:
        assert system.stdout
        if not any("TMS is up" in line for line in system.stdout):
            raise SystemExit("tms up did not start")
        seconds = time.monotonic() - began
        processor = processor_seconds(descendants(system.pid))
        time.sleep(idle)
        pids = descendants(system.pid)
        found = Start(seconds, processor, mebibytes(pids), len(pids))
        system.send_signal(signal.SIGTERM)
        for _ in system.stdout:
            pass
    return found


def help_seconds() -> tuple[float, float]:
    """Return the elapsed time and the CPU time of `tms --help`."""
    began, before = time.monotonic(), os.times()
    subprocess.run([TMS, "--help"], stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return time.monotonic() - began, after.children_user + after.children_system - (
        before.children_user + before.children_system
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--idle", type=float, default=15.0, help="seconds until the memory is measured")
    parser.add_argument("--ini", type=Path, default=ROOT / "development.ini")
    given = parser.parse_args()
    starts: dict[str, list[Start]] = {"first start": [], "second start": []}
    for _ in range(given.rounds):
        with TemporaryDirectory(prefix="tms-startup-") as folder:
            for found in starts.values():
                found.append(start(given.ini.resolve(), Path(folder).resolve() / "state", given.idle))
    table = Table("median (min – max)", "seconds", "processor seconds", "idle MiB (PSS)", "processes")
    for name, found in starts.items():
        table.add_row(name, *(_shown(list(column)) for column in zip(*found, strict=True)))
    helps = [help_seconds() for _ in range(given.rounds * 3)]
    table.add_row("tms --help", *(_shown(list(column)) for column in zip(*helps, strict=True)))
    Console(width=120).print(table)
    print("load average", *os.getloadavg())


def _shown(values: list[float]) -> str:
    digits = 2 if max(values) < 20 and isinstance(values[0], float) else 0
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} – {max(values):.{digits}f})"


if __name__ == "__main__":
    main()
