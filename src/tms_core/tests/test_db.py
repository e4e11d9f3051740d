"""Connections to PostgreSQL."""

import os
import socket
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import text

from tms_core.app import configure
from tms_local.embedded.services import embedded_services

# Maximum seconds until a vanished host is detected.
PATIENCE = 30


@pytest.fixture
def connection(ini):
    """A connection to a server by TCP."""
    # Not tmp_path, which is private: for root, the servers run as another user.
    with TemporaryDirectory(prefix="tms-db-") as folder, embedded_services(folder, tcp=True, durable=False) as (url, _):
        runtime = configure(ini | {"tms.database_url": url}, web=False).registry.tms
        with runtime.engine.connect() as connection:
            yield connection
        runtime.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system names it otherwise")
def test_keepalives_detect_a_vanished_host_at_both_ends(connection):
    idle, interval, count = (
        int(connection.scalar(text(f"SELECT setting FROM pg_settings WHERE name = 'tcp_keepalives_{word}'")))
        for word in ("idle", "interval", "count")
    )
    with socket.socket(fileno=os.dup(connection.connection.dbapi_connection.fileno())) as ours:
        options = [
            ours.getsockopt(socket.IPPROTO_TCP, getattr(socket, f"TCP_KEEP{word}")) for word in ("IDLE", "INTVL", "CNT")
        ]
        is_alive = ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

    assert idle + interval * count <= PATIENCE
    assert is_alive
    assert options == [idle, interval, count]
