"""From a template to what a person will read."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.crypto import Keyring
from reminders.delivery.facts import Facts, unseal
from reminders.delivery.links import check_in_url, unsubscribe_token, unsubscribe_url
from reminders.models import Clinic, ProtocolVersion
from reminders.models.kinds import Channel, Language
from reminders.models.options import content_rules_of, rules_of
from reminders.wording.answers import ANSWERS, TAKING, about_answers, about_taking
from reminders.wording.fitting import Room, fitting
from reminders.wording.render import Rendered, is_optional, placeholders
from reminders.wording.samples import CHECK_IN
from reminders.wording.texts import Text, find
from reminders.wording.values import clinic_values

_Which = tuple[str, Language, Channel, uuid.UUID | None]


@dataclass(frozen=True, slots=True)
class Composed:
    """A rendered message with its keyed hash, what it costs its sender, and the patient's way out of e-mail ("" where
    there is none)."""

    subject: str | None = field(repr=False)
    body: str = field(repr=False)
    body_hash: str
    segments: int
    unsubscribe_url: str = field(repr=False)


class Composer:
    """Renders for one clinic. Decides nothing and writes nothing; each different text is rendered once.

    `reads_answers`: somebody reads what is answered to its e-mails.
    """

    def __init__(self, clinic: Clinic, keyring: Keyring, *, reads_answers: bool = False) -> None:
        self._keyring = keyring
        self._contents: dict[uuid.UUID, Mapping[str, Any]] = {}
        self._texts: dict[_Which, tuple[Text, frozenset[str]]] = {}
        self._rendered: dict[tuple[_Which, tuple[tuple[str, str], ...]], tuple[Rendered, str, int]] = {}
        self._most_segments = content_rules_of(clinic.options).most_segments
        self._clinic = {channel: clinic_values(clinic, channel) for channel in Channel}
        self._rules = rules_of(clinic.options)
        self._reads_answers = reads_answers

    def load(self, session: Session, versions: Iterable[uuid.UUID | None]) -> None:
        """Read the protocol versions that are needed and not here yet: at most one statement, since none changes."""
        missing = set(filter(None, versions)) - self._contents.keys()
        if missing:
            columns = select(ProtocolVersion.id, ProtocolVersion.content)
            self._contents |= {
                row.id: row.content for row in session.execute(columns.where(ProtocolVersion.id.in_(missing)))
            }

    def compose(self, facts: Facts, public_url: str) -> Composed:
        """The message as it will be sent.

        Raises:
            WordingError: there is no such text, or it cannot be filled.
            CryptoError: a value that it needs cannot be opened.
        """
        which = (facts.template, facts.language, facts.channel, facts.protocol_version_id)
        text, names = self._text(which)
        link = self._way_out(facts, public_url)
        own = self._own(facts, text, names, public_url) | ({"unsubscribe_url": link} if link else {})
        if ANSWERS in names:
            own[ANSWERS] = about_answers(facts.language, reads=self._reads_answers)
        if TAKING in names:
            own[TAKING] = about_taking(facts.language, reads=self._reads_answers)
        key = (which, tuple(sorted(own.items())))
        if key not in self._rendered:
            values = {"unsubscribe_url": "", "url": public_url} | self._clinic[facts.channel] | own
            rendered, cost = fitting(text, values, Room(facts.channel, self._most_segments))
            self._rendered[key] = (rendered, self._keyring.index("body", rendered.body), cost)
        rendered, body_hash, cost = self._rendered[key]
        return Composed(rendered.subject, rendered.body, body_hash, cost, link)

    def _text(self, which: _Which) -> tuple[Text, frozenset[str]]:
        if which not in self._texts:
            template, language, channel, version = which
            text = find(template, language, channel, self._contents.get(version) if version else None)
            self._texts[which] = text, placeholders(text)
        return self._texts[which]

    def _own(self, facts: Facts, text: Text, names: frozenset[str], public_url: str) -> dict[str, str]:
        """What this message fills in that others do not. Only what the text names is decrypted.

        A link is kept as a path, since the address may change.
        """
        values: dict[str, str] = {}
        if "first_name" in names:
            values["first_name"] = unseal(self._keyring, facts.first_name, "patient.given_name") or ""
        if "hours" in names:
            values["hours"] = self._rules.hours(facts.language)
        if CHECK_IN in names:
            by_mail = facts.channel is not Channel.SMS
            wanted = self._rules.link_in_texts or by_mail or not is_optional(text, CHECK_IN)
            values[CHECK_IN] = check_in_url(self._keyring, public_url, facts.id) if wanted else ""
        if facts.params is not None:
            values |= unseal(self._keyring, facts.params, "message.params")
            values["url"] = public_url + values.pop("path", "")
        return values

    def _way_out(self, facts: Facts, public_url: str) -> str:
        if facts.channel is not Channel.EMAIL or facts.patient_id is None or facts.staff_id is not None:
            return ""
        return unsubscribe_url(public_url, unsubscribe_token(self._keyring, facts.patient_id, facts.channel))
