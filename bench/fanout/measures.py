"""What is asked of a server: how many deliveries a second, and how much memory a connection takes."""

import time
from pathlib import Path

from listeners import Listeners
from servers import Server

# Events that may be on their way, so that nobody is measured by how much it can buffer.
WINDOW = 200


def deliveries(server: Server, clients: int, seconds: float) -> tuple[float, int]:
    """Messages a second over all clients, fed as fast as they come through; and how many connections were lost."""
    listeners = Listeners(server.url, None, clients)
    fed, began = 0, time.monotonic()
    while time.monotonic() - began < seconds:
        room = WINDOW - (fed - listeners.received // clients)
        if room >= WINDOW // 4:
            server.feed(room)
            fed += room
        else:
            time.sleep(0.0005)
    elapsed, received = time.monotonic() - began, listeners.received
    # All of it must come, only later.
    deadline = time.monotonic() + 20
    while listeners.received < fed * clients and time.monotonic() < deadline:
        time.sleep(0.05)
    missing = fed * clients - listeners.received
    _, lost = listeners.close()
    if missing:
        print(f"  {server.name}: {missing} deliveries are missing", flush=True)
    return received / elapsed, lost


def memory(server: Server, clients: int) -> float:
    """kB of resident memory that each of so many idle connections adds to the process; one message to each included."""
    before = _resident(server.pid)
    listeners = Listeners(server.url, None, clients)
    server.feed(1)
    deadline = time.monotonic() + 30
    while listeners.received < clients and time.monotonic() < deadline:
        time.sleep(0.05)
    after = _resident(server.pid)
    listeners.close()
    return (after - before) / clients


def _resident(pid: int) -> int:
    """kB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ProcessLookupError(pid)
