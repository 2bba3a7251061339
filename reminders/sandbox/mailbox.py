"""The sandbox's SMTP server: every e-mail lands in the store, whoever it is for."""

import asyncio
import re
import socket
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from reminders.errors import SettingsError
from reminders.sandbox.carrier import Carrier
from reminders.sandbox.faults import FaultKind, Stage
from reminders.sandbox.letters import incoming
from reminders.sandbox.records import OUTBOUND, Record
from reminders.settings import Settings

_HOST = "127.0.0.1"
_LINK = re.compile(r"<(https?://[^>\s]+)>")
_TAG = re.compile(r"<[^>]+>")


class Mailbox:
    """Listens on this machine alone, on REMINDERS_SANDBOX_SMTP_PORT, in a thread of its own from `start` to `close`."""

    def __init__(self, settings: Settings, carrier: Carrier) -> None:
        self._port = settings.sandbox_smtp_port
        self._controller: Any = Controller(_Handler(carrier), hostname=_HOST, port=self._port)

    def start(self) -> None:
        """Begin to listen.

        Raises:
            SettingsError: something else listens on that port.
        """
        _require_free(self._port)
        self._controller.start()

    def close(self) -> None:
        """Stop listening and join the thread."""
        self._controller.stop(no_assert=True)


class _Handler:
    """aiosmtpd's hooks."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name and shape)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        fault = self._carrier.faults.take(Stage.RECIPIENT)
        if fault:
            return f"{fault.code or 550} 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self._carrier.faults.take(Stage.DATA)
        if fault and fault.kind is FaultKind.SMTP_4XX:
            return f"{fault.code or 451} 4.3.0 Try again later"
        raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        for address in envelope.rcpt_tos:
            self._carrier.keep(read_email(raw, address))
        if fault and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 OK"


def read_email(raw: bytes, recipient: str) -> Record:
    """What the mailbox keeps of an e-mail that came for `recipient` (the envelope's address)."""
    parsed = message_from_bytes(raw, policy=policy.default)
    link = _LINK.search(str(parsed.get("List-Unsubscribe", "")))
    sender = parseaddr(str(parsed.get("From", "")))[1]
    kept = incoming(raw, sender, recipient, _plain_text(parsed))
    return replace(kept, direction=OUTBOUND, status="delivered", unsubscribe=link.group(1) if link else "")


def _plain_text(parsed: EmailMessage) -> str:
    part = parsed.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except LookupError:  # a charset that Python does not know
        payload = part.get_payload(decode=True)
        text = payload.decode("latin-1") if isinstance(payload, bytes) else ""
    text = text.replace("\r\n", "\n").strip()
    return _TAG.sub("", text) if part.get_content_subtype() == "html" else text


def _require_free(port: int) -> None:
    """Controller.start needs five seconds to notice a taken port, and says so in a traceback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            raise SettingsError([f"REMINDERS_SANDBOX_SMTP_PORT: port {port} is in use"]) from None
