"""Check of ports before any process is started."""

import errno
import socket

from tms_core.errors import ConfigurationError


def require_free(host: str, port: int, option: str, host_option: str = "") -> None:
    """Raise `ConfigurationError` naming the port and the `option` that changes it, if the port cannot be bound.

    `host_option` names the setting of the address, if that is configurable too.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            # Ignore connections of an earlier run in TIME_WAIT.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            what = "is in use by another program"
        else:
            what = f"cannot be listened on ({error.strerror})"
            option += f", or another address with {host_option}" if host_option else ""
        raise ConfigurationError(f"port {port} on {host} {what}: choose another with {option}") from None
