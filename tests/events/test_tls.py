"""Sending by TLS: the receiver's certificate is checked, and a handshake has the same deadline."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from tests.events.delivering import deliver, execute
from tests.events.receiver import Receiver
from tests.factories import Learner
from vorex_sessions.events import posting


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a certificate of its own for 127.0.0.1, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "receiver.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.fixture
def secure(pushing: Flask, receiver: Receiver, certificate: Path) -> Iterator[Flask]:
    """The app with a receiver that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
    pushing.config["WEBHOOK_URL"] = receiver.url.replace("http://", "https://")
    posting._tls.cache_clear()
    yield pushing
    posting._tls.cache_clear()


def answer(app: Flask) -> str:
    deliver(app)
    return execute(app, "SELECT last_answer FROM event_queues")[0].last_answer


def test_events_arrive_by_tls(
    secure: Flask, receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    Learner(secure).save()
    assert "0 attempts failed" in deliver(secure)
    assert receiver.received


def test_a_certificate_that_nobody_vouches_for_is_refused(
    secure: Flask, receiver: Receiver
) -> None:
    Learner(secure).save()
    assert answer(secure).startswith("the certificate is not valid: self-signed certificate")
    assert receiver.received == []


def test_a_certificate_of_another_host_is_refused(
    secure: Flask, receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure.config["WEBHOOK_URL"] = secure.config["WEBHOOK_URL"].replace("127.0.0.1", "localhost")
    Learner(secure).save()
    assert "Hostname mismatch" in answer(secure)
    assert receiver.received == []


def test_a_handshake_that_never_ends_is_broken_off(
    pushing: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "LONGEST", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        pushing.config["WEBHOOK_URL"] = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        Learner(pushing).save()
        assert answer(pushing) == "no answer in time"
