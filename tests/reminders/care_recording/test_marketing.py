"""Offers stand apart from aftercare: agreed to and withdrawn by themselves, and nothing is ever sent on them.

Seen to fail when: a grant of offers counted for aftercare; staff's withdrawal of offers ended aftercare, or the
reverse; an import's column for offers was read as one for aftercare.
"""

from datetime import timedelta

from sqlalchemy import select

from reminders import consent
from reminders.care import consents, imports, optouts
from reminders.care.actors import Actor
from reminders.care.consents import CURRENT_FOR, Grant
from reminders.care.reach import address_index, reach
from reminders.care.staff import new_api_key
from reminders.models import ApiKey, Consent, Message, Patient
from reminders.models.kinds import Channel, MessageKind, Purpose
from tests.conftest import NOW
from tests.reminders.care_recording.conftest import Desk, messages_of


def offers(desk: Desk, patient: Patient, channel: Channel = Channel.SMS) -> Grant:
    version = CURRENT_FOR[Purpose.MARKETING]
    text = consents.wording(version, channel, patient.language, desk.clinic.name)
    return Grant(patient.id, channel, version, text, patient.language, purpose=Purpose.MARKETING)


def test_no_rule_opens_on_an_agreement_to_offers() -> None:
    """Promise 4's table: whatever needs a consent needs one to aftercare."""
    assert {rule.consent_to for rule in consent.RULES.values()} == {Purpose.AFTERCARE, None}
    assert set(consent.RULES) == set(MessageKind)


def test_nothing_is_planned_or_reached_on_offers_alone(desk: Desk) -> None:
    with desk.database.begin() as session:
        marie = desk.add(session)
        for channel in Channel:
            consents.grant(session, desk.actor, offers(desk, marie, channel), NOW)
        desk.record(session, marie)
        assert session.scalars(select(Message)).all() == []
        assert reach(session, marie).reason == "no_consent"
        assert consent.consented(session, [marie.id]) == set()
        assert len(consent.consented(session, [marie.id], Purpose.MARKETING)) == 2
        assert consents.current(session, marie.id) == {}
        assert set(consents.current(session, marie.id, Purpose.MARKETING)) == set(Channel)


def test_each_is_withdrawn_by_itself(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session, {Channel.SMS})
        marie = session.get_one(Patient, treatment.patient_id)
        consents.grant(session, desk.actor, offers(desk, marie), NOW)
        planned = messages_of(session, treatment.id)
        assert consents.withdraw_marketing(session, desk.actor, marie.id, Channel.SMS, NOW) is not None
        assert messages_of(session, treatment.id) == planned
        assert set(consents.current(session, marie.id)) == {Channel.SMS}
        consents.grant(session, desk.actor, offers(desk, marie), NOW + timedelta(minutes=1))
        consents.withdraw(session, desk.actor, marie.id, Channel.SMS, NOW + timedelta(minutes=2))
        assert set(consents.current(session, marie.id, Purpose.MARKETING)) == {Channel.SMS}


def test_a_stop_ends_both_and_start_brings_back_both(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session, {Channel.SMS})
        marie = session.get_one(Patient, treatment.patient_id)
        consents.grant(session, desk.actor, offers(desk, marie), NOW)
        request = optouts.OptOutRequest(
            desk.clinic.id, Channel.SMS, address_index(marie, Channel.SMS) or "", "reply", by_carrier=True
        )
        optouts.opt_out(session, request, NOW)
        assert [consents.current(session, marie.id, purpose) for purpose in Purpose] == [{}, {}]
        optouts.opt_in(session, request, NOW + timedelta(minutes=1))
        assert [set(consents.current(session, marie.id, one)) for one in Purpose] == [{Channel.SMS}, {Channel.SMS}]


def test_an_import_reads_offers_by_their_own_column(desk: Desk) -> None:
    header = "Nom;Prénom;Cellulaire;Courriel;Date du traitement;Consentement texto;Promotions texto;Infolettre"
    lines = ("Roy;Léo;514-555-0131;l@example.org;2026-03-09;oui;oui;oui", "Roy;Max;514-555-0132;;2026-03-09;non;oui;")
    for _ in range(2):
        imports.import_csv(desk.database, desk.clinic.id, "\n".join((header, *lines)).encode(), NOW)
    with desk.database.begin() as session:
        found = sorted((one.purpose.value, one.channel.value) for one in session.scalars(select(Consent)))
        assert found == [("aftercare", "sms"), ("marketing", "email"), ("marketing", "sms"), ("marketing", "sms")]


def test_a_grant_by_a_practice_system_names_its_key(desk: Desk) -> None:
    with desk.database.begin() as session:
        new_api_key(session, desk.clinic.id, "Practice system", NOW)
        key = session.scalars(select(ApiKey)).one()
        marie = desk.add(session)
        system = Actor(desk.clinic.id, "api", api_key_id=key.id)
        entry = consents.grant(session, system, offers(desk, marie), NOW).consent
        assert (entry.source, entry.staff_id, entry.api_key_id) == ("api", None, key.id)
