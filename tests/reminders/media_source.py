"""A stand-in for the place where a carrier keeps what hangs on texts."""

from collections.abc import Callable
from dataclasses import dataclass, field

from reminders.channels.opening import SenderIdentity
from reminders.settings import Settings
from tests.reminders import pictures


@dataclass
class Source:
    """Where media are, in this process: what comes of each asking, and what was asked for."""

    deeds: list[bytes | Exception | Callable[[], bytes]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, identity: SenderIdentity, _settings: Settings) -> "Source":
        """Open it for a sender."""
        self.account = identity.account
        return self

    def fetch(self, address: str) -> bytes:
        """The next deed."""
        self.asked.append((self.account, address))
        deed = self.deeds.pop(0) if self.deeds else pictures.photo()
        if isinstance(deed, Exception):
            raise deed
        return deed if isinstance(deed, bytes) else deed()
