"""The pictures of an e-mail: rows that wait, kept with its words, and drawn right after those are understood."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from reminders.care.attachments import Waiting, add_waiting
from reminders.care.media_fetching import take_in_hand
from reminders.channels.imap_mail import Place
from reminders.channels.incoming_mail import IncomingMail
from reminders.channels.mail_media import address_of
from reminders.database import Database
from reminders.models import Reply
from reminders.models.instance import now as clock
from reminders.settings import Settings


def hang_on(session: Session, reply_id: uuid.UUID, place: Place, mail: IncomingMail) -> dict[uuid.UUID, bytes]:
    """Rows for what hangs on a mail that is kept in this transaction; the bytes of those that wait, by row.

    What a machine sends is not looked at: newsletters are made of pictures.
    """
    if mail.automatic or not mail.files:
        return {}
    files = [
        Waiting(file.content_type, address_of(place, number), file.reason) for number, file in enumerate(mail.files)
    ]
    ids = add_waiting(session, session.get_one(Reply, reply_id), files, clock(session))
    return dict(zip(ids, (file.data for file in mail.files if not file.reason), strict=True))


def draw(database: Database, settings: Settings, waiting: Mapping[uuid.UUID, bytes]) -> None:
    """Keep pictures whose bytes are in hand, each as soon as it is drawn."""
    for id_, data in waiting.items():
        take_in_hand(database, settings, id_, _InHand(data))


@dataclass(frozen=True, slots=True)
class _InHand:
    data: bytes = field(repr=False)

    def fetch(self, _address: str) -> bytes:
        return self.data
