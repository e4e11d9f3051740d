"""Measures the deliveries per second and the memory per connection of a server."""

import time
from pathlib import Path

from listeners import Listeners
from servers import Server

# Maximum number of events in flight, so that the result does not depend on the server's buffers.
WINDOW = 200


def deliveries(server: Server, clients: int, seconds: float) -> tuple[float, int]:
    """Return the messages per second over all clients, at the highest sustained rate, and the connections lost."""
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
    # All messages must arrive, even if late.
    deadline = time.monotonic() + 20
    while listeners.received < fed * clients and time.monotonic() < deadline:
        time.sleep(0.05)
    missing = fed * clients - listeners.received
    _, lost = listeners.close()
    if missing:
        print(f"  {server.name}: {missing} deliveries are missing", flush=True)
    return received / elapsed, lost


def memory(server: Server, clients: int) -> float:
    """Return the resident memory per idle connection in kB, after one message was sent to each."""
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
    """Return the resident memory of a process in kB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ProcessLookupError(pid)
