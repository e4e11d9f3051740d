"""Ports for servers of tests and of the bench."""

import random
import socket
from contextlib import suppress

# Below those that Linux gives to outgoing connections (net.ipv4.ip_local_port_range), and other systems too.
PORTS = range(15_000, 32_000)
# Tests that run at once must not choose the same, whatever they seed.
_dice = random.SystemRandom()
_given: set[int] = set()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has just now, nor gets by chance; another one each time.

    Not one that the system would choose: outgoing connections begin at those, and one that is tried again and again
    until somebody listens there may be given that very port, and then talks to itself (RFC 9293, 3.5).
    """
    while True:
        port = _dice.choice(PORTS)
        if port in _given:
            continue
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            _given.add(port)
            return port
