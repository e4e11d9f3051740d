"""A server without a trusted certificate gets no token, and no second attempt."""

import datetime
import socket
import ssl
import threading
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tms_client import TmsClient, UntrustedServerError

PATIENCE = 60.0


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """An SSL context with a self-signed certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begin = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.fixture
def address(context):
    """The address of a TLS server; no client may complete the handshake and send data."""
    received = []

    def serve():
        with suppress(OSError):
            while True:
                peer, _ = listener.accept()
                with peer, suppress(OSError), context.wrap_socket(peer, server_side=True) as wrapped:
                    received.append(wrapped.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"localhost:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE)
    assert received == []


def test_an_untrusted_rest_server_receives_nothing(address, clock):
    with TmsClient(f"https://{address}", token="any", clock=clock) as client, pytest.raises(UntrustedServerError):
        client.tasks.get(1)
    assert clock.pauses == []


def test_an_untrusted_websocket_server_receives_nothing(address, clock):
    with TmsClient("http://127.0.0.1:1", token="any", realtime_url=f"wss://{address}/ws/tasks/", clock=clock) as client:
        events = client.events(since=0)
        with pytest.raises(UntrustedServerError):
            next(events)
    assert clock.pauses == []
