"""Encrypted hand-over: it works with a certificate that can be trusted, and not at all with another."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reminders.channels.base import Fault
from reminders.channels.smtp_email import SmtpEmail
from tests.reminders.channels.conftest import free_port
from tests.reminders.channels.messages import ADDRESS, MAIL, failure, run


class Inbox:
    """Keeps whom mail came for."""

    def __init__(self) -> None:
        self.got: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.got += envelope.rcpt_tos
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + pem)
    return path


@pytest.fixture(params=["smtp://localhost:{port}?starttls=1", "smtps://localhost:{port}"])
def encrypted(request: pytest.FixtureRequest, certificate: Path) -> Iterator[tuple[str, Inbox]]:
    """A mail server that takes nothing unencrypted: its URL and inbox."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    way: dict[str, Any] = {"tls_context": context, "require_starttls": True}
    port, inbox = free_port(), Inbox()
    if request.param.startswith("smtps"):
        way = {"ssl_context": context}
    controller = Controller(inbox, hostname="localhost", port=port, **way)
    controller.start()
    yield request.param.format(port=port), inbox
    controller.stop()


def test_a_trusted_server_gets_the_mail(
    encrypted: tuple[str, Inbox], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    url, inbox = encrypted
    run(SmtpEmail(url, "suivi@clinic.example", 5), lambda c: c.send(MAIL))
    assert inbox.got == [ADDRESS]


def test_a_server_that_cannot_be_trusted_gets_nothing(encrypted: tuple[str, Inbox]) -> None:
    url, inbox = encrypted
    error = failure(SmtpEmail(url, "suivi@clinic.example", 5), MAIL)
    assert (error.fault, error.code) == (Fault.SENDER, "certificate")
    assert inbox.got == []


def test_a_certificate_for_another_host_is_not_trusted(
    encrypted: tuple[str, Inbox], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    url, inbox = encrypted
    error = failure(SmtpEmail(url.replace("localhost", "127.0.0.1"), "suivi@clinic.example", 5), MAIL)
    assert (error.fault, error.code) == (Fault.SENDER, "certificate")
    assert inbox.got == []
