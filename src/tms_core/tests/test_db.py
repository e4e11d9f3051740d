"""Connections to PostgreSQL."""

import os
import socket
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import text

from tms_core.app import configure
from tms_core.embedded.services import embedded_services

# The longest silence of a host until it is given up.
PATIENCE = 30


@pytest.fixture
def connection(ini):
    """Of a process to a server that it reaches by TCP."""
    # Not tmp_path, which is closed to the user whom root's servers run as.
    with TemporaryDirectory(prefix="tms-db-") as folder, embedded_services(folder, tcp=True, durable=False) as (url, _):
        runtime = configure(ini | {"tms.database_url": url}, web=False).registry.tms
        with runtime.engine.connect() as connection:
            yield connection
        runtime.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system names it otherwise")
def test_a_host_that_vanishes_without_a_word_is_given_up_at_both_ends(connection):
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
