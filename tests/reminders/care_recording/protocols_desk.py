"""Short ways to draft, edit and publish at a desk."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reminders.care import protocol_drafts, protocol_versions
from reminders.care.actors import Actor
from reminders.care.protocol_steps import TypedStep
from reminders.care.staff import NewStaff, invite
from reminders.models import Message, Protocol, ProtocolVersion, Staff
from reminders.models.kinds import Channel, Language
from reminders.wording.findings import Place
from tests.conftest import NOW
from tests.reminders.care_recording.conftest import Desk

DAY_3 = Place("day-3", Language.FR, Channel.SMS)
NEW_WORDS = "{clinic} : Nouveau texte. 911. ARRET, AIDE."


def owner(session: Session, desk: Desk) -> Actor:
    """Somebody of the clinic who may approve."""
    known = session.scalars(select(Staff.id).where(Staff.clinic_id == desk.clinic.id)).first()
    if known is None:
        invite(session, desk.clinic.id, NewStaff("Anne Roy", "anne@clinic.example", "owner", "fr"), NOW)
        known = session.scalars(select(Staff.id).where(Staff.clinic_id == desk.clinic.id)).one()
    return Actor(desk.clinic.id, "staff", known)


def protocol_of(session: Session, desk: Desk, key: str = "microneedling") -> Protocol:
    """The clinic's protocol of a key."""
    return session.scalars(select(Protocol).where(Protocol.clinic_id == desk.clinic.id, Protocol.key == key)).one()


def steps(*days: int, keys: tuple[str, ...] = ("day-1", "day-3", "day-7")) -> list[TypedStep]:
    """The starter's steps on other days; a key "" for each further one. The last asks."""
    named = (*keys, *[""] * (len(days) - len(keys)))
    return [
        TypedStep(key, str(day), "10:00", "58", is_check_in=key == "day-7")
        for key, day in zip(named, days, strict=False)
    ]


def publish_new_words(session: Session, desk: Desk, at: Place = DAY_3, now: datetime = NOW) -> ProtocolVersion:
    """A further version in which one text is another."""
    protocol, actor = protocol_of(session, desk), owner(session, desk)
    protocol_drafts.start(session, actor, protocol, now)
    protocol_drafts.change_text(session, actor, protocol, at, {"body": NEW_WORDS}, now)
    return protocol_versions.publish(session, actor, desk.clinic, protocol, now)


def publish_steps(session: Session, desk: Desk, typed: list[TypedStep], now: datetime = NOW) -> ProtocolVersion:
    """A further version with other steps; a new one gets the text of day 3."""
    protocol, actor = protocol_of(session, desk), owner(session, desk)
    draft = protocol_drafts.start(session, actor, protocol, now)
    old = draft.content["texts"]
    protocol_drafts.change_steps(session, actor, protocol, typed, now)
    for key in {step["key"] for step in draft.content["steps"]} - set(draft.content["texts"]["fr"]):
        for language in Language:
            for channel in Channel:
                parts = old[language.value]["day-3"][channel.value]
                protocol_drafts.change_text(session, actor, protocol, Place(key, language, channel), parts, now)
    return protocol_versions.publish(session, actor, desk.clinic, protocol, now)


def versions(session: Session, treatment_id: UUID) -> dict[str, int]:
    """By which version's words each planned message of a treatment goes."""
    asked = (
        select(Message.template, ProtocolVersion.number)
        .join(ProtocolVersion, ProtocolVersion.id == Message.protocol_version_id)
        .where(Message.treatment_id == treatment_id, Message.state == "planned")
    )
    return {template.removeprefix("step:"): number for template, number in session.execute(asked)}
