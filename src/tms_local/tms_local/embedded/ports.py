"""Free ports for servers of tests and benchmarks."""

import random
import socket
from contextlib import suppress

# Below the ephemeral ports of Linux (net.ipv4.ip_local_port_range) and other systems.
PORTS = range(15_000, 32_000)
# Concurrent tests must not choose the same ports, even if they seed `random`.
_dice = random.SystemRandom()
_given: set[int] = set()


def free_port() -> int:
    """Return an unused port of 127.0.0.1, a different one each time.

    Ephemeral ports are avoided: a client that retries until a server listens may be assigned that very port as its
    source port, and then connects to itself (RFC 9293, 3.5).
    """
    while True:
        port = _dice.choice(PORTS)
        if port in _given:
            continue
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            _given.add(port)
            return port
