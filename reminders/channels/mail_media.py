"""Fetching a picture of an e-mail once more from the mailbox, where whoever had it in hand came to an end."""

import re
import threading
from dataclasses import dataclass, field

from reminders.channels.imap_address import MailboxError
from reminders.channels.imap_mail import ImapMailbox, Place
from reminders.channels.incoming_mail import read_mail
from reminders.channels.twilio_media import MediaError

_ADDRESS = re.compile(r"mail:(\d{1,10}):(\d{1,10}):(\d{1,2})")

_one_at_a_time = threading.Lock()
"""A mail takes a hundred megabytes while it is read."""


def address_of(place: Place, number: int) -> str:
    """Where the `number`th file (from 0) of the mail at `place` is."""
    return f"mail:{place.validity}:{place.uid}:{number}"


@dataclass(frozen=True, slots=True)
class MailMedia:
    """What hangs on the mails of one mailbox."""

    url: str = field(repr=False)

    def fetch(self, address: str) -> bytes:
        """The bytes of a file, by `address_of`.

        Raises:
            MediaError: they cannot be had.
        """
        found = _ADDRESS.fullmatch(address)
        if not found or not self.url:
            raise MediaError("mail_gone", final=not found)
        validity, uid, number = map(int, found.groups())
        try:
            with _one_at_a_time, ImapMailbox(self.url) as opened:
                fetched = opened.at(Place(validity, uid))
        except MailboxError:
            raise MediaError("mail_unreachable") from None
        files = read_mail(fetched.raw, is_whole=fetched.is_whole).files if fetched else ()
        if number >= len(files):
            raise MediaError("mail_gone")
        return files[number].data
