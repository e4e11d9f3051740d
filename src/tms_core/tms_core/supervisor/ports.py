"""Asking for a port before anything is started."""

import errno
import socket

from tms_core.errors import ConfigurationError


def require_free(host: str, port: int, option: str) -> None:
    """Raise `ConfigurationError` naming the port and the option to choose another, if somebody listens there."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        # Connections of an earlier run that linger in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                why = "is in use by another program"
            else:
                why = f"cannot be listened on ({error.strerror})"
            raise ConfigurationError(f"port {port} on {host} {why}: choose another with {option}") from None
