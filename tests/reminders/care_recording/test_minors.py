"""Who may agree for whom, on both databases: below 14 a parent or the tutor alone.

Seen to fail when: the check was left out of `consents.grant`, or of the import's fast path; the age was one year off;
START restored what a child had agreed to; a corrected birth date left a child's own consent in force.
"""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from reminders.care import consents, imports, optouts, patients
from reminders.care.consents import CURRENT, Giver, Grant
from reminders.care.patients import PatientInput
from reminders.care.reach import address_index
from reminders.errors import InvalidInputError
from reminders.models import Consent, Patient
from reminders.models.kinds import Channel, Language
from tests.conftest import NOW
from tests.reminders.care_recording.conftest import MARIE, Desk, messages_of

PARENT = Giver("Anne Roy", "parent")
KEPT = {"name": "Anne Roy", "relation": "parent"}
CHILD = "2012-03-11"
"""NOW is 10 March 2026 at the clinic: 14 tomorrow."""


def child(born: str = CHILD) -> PatientInput:
    return PatientInput("Léo", "Roy", "fr", "514-555-0113", "leo@example.org", birth_date=born)


def told(patient: Patient, giver: Giver, channel: Channel = Channel.SMS) -> Grant:
    return Grant(patient.id, channel, CURRENT, "words", Language.FR, giver=giver)


@pytest.mark.parametrize(
    ("born", "giver", "problems"),
    [
        (CHILD, Giver(), {"given_by": "guardian_needed"}),
        (CHILD, PARENT, {}),
        (CHILD, Giver("Anne Roy", "TUTOR "), {}),
        (CHILD, Giver("", "parent"), {"given_by": "giver_missing"}),
        (CHILD, Giver("Anne Roy", ""), {"given_by_relation": "relation_unknown"}),
        (CHILD, Giver("Anne Roy", "aunt"), {"given_by_relation": "relation_unknown"}),
        (CHILD, Giver("--", "parent"), {"given_by": "name_unreadable"}),
        (CHILD, Giver("A" * 161, "parent"), {"given_by": "too_long"}),
        ("2012-03-10", Giver(), {}),
        ("2012-03-10", PARENT, {}),
        ("", Giver(), {}),
        ("", PARENT, {}),
    ],
)
def test_below_14_a_parent_or_the_tutor_alone_may_agree(
    desk: Desk, born: str, giver: Giver, problems: Mapping[str, str]
) -> None:
    with desk.database.begin() as session:
        patient = desk.add(session, child(born))
        found = {}
        try:
            consents.grant(session, desk.actor, told(patient, giver), NOW)
        except InvalidInputError as error:
            found = {field: problem.key for field, problem in error.problems.items()}
        assert found == problems
        assert bool(consents.current(session, patient.id)) == (not problems)


def test_who_agreed_is_kept_and_unreadable_at_rest(desk: Desk) -> None:
    with desk.database.begin() as session:
        patient = desk.add(session, child())
        consents.grant(session, desk.actor, told(patient, PARENT), NOW)
    with desk.database.begin() as session:
        assert session.scalars(select(Consent.given_by)).one() == KEPT
        raw = session.connection().exec_driver_sql("SELECT given_by FROM consent").scalar_one()
        assert b"Anne" not in bytes(raw)


def test_the_day_before_the_birthday_is_the_clinics_own(desk: Desk) -> None:
    """11 March begins at the clinic four hours after it begins in UTC."""
    eve = NOW.replace(hour=23) + timedelta(hours=3)
    with desk.database.begin() as session:
        patient = desk.add(session, child())
        with pytest.raises(InvalidInputError):
            consents.grant(session, desk.actor, told(patient, Giver()), eve)
        consents.grant(session, desk.actor, told(patient, Giver()), eve + timedelta(hours=3))


def test_a_guardians_consent_goes_on_when_the_patient_turns_14(desk: Desk) -> None:
    with desk.database.begin() as session:
        patient = desk.add(session, child())
        consents.grant(session, desk.actor, told(patient, PARENT), NOW)
        treatment = desk.record(session, patient)
        patients.change(
            session, desk.actor, desk.clinic, patient, patients.clean(child("2011-01-01"), desk.clinic), NOW
        )
        assert Channel.SMS in consents.current(session, patient.id)
        assert messages_of(session, treatment.id)


def test_a_corrected_birth_date_ends_what_the_child_agreed_to(desk: Desk) -> None:
    with desk.database.begin() as session:
        patient = desk.add(session, child(""))
        desk.agree(session, patient, Channel.SMS)
        consents.grant(session, desk.actor, told(patient, PARENT, Channel.EMAIL), NOW)
        treatment = desk.record(session, patient)
        assert {channel for _, channel, _ in messages_of(session, treatment.id)} == {"sms"}
        younger = patients.clean(child(), desk.clinic)
        changed = patients.change(session, desk.actor, desk.clinic, patient, younger, NOW)
        assert changed == {"birth_date", "consents"}
        assert set(consents.current(session, patient.id)) == {Channel.EMAIL}
        assert {channel for _, channel, _ in messages_of(session, treatment.id)} == {"email"}
        ended = consents.history(session, patient.id)[-1]
        assert (ended.channel, ended.action.value, ended.source) == (Channel.SMS, "withdrawn", "under_age")


def test_a_childs_start_restores_only_what_the_guardian_agreed_to(desk: Desk) -> None:
    with desk.database.begin() as session:
        patient = desk.add(session, child(""))
        desk.agree(session, patient, Channel.SMS)
        consents.grant(session, desk.actor, told(patient, PARENT, Channel.EMAIL), NOW)
        stop = optouts.OptOutRequest(
            desk.clinic.id, Channel.SMS, address_index(patient, Channel.SMS) or "", "reply", by_carrier=True
        )
        optouts.opt_out(session, stop, NOW)
        assert consents.current(session, patient.id) == {}
        younger = patients.clean(child(), desk.clinic)
        patients.change(session, desk.actor, desk.clinic, patient, younger, NOW)
        assert optouts.opt_in(session, stop, NOW + timedelta(minutes=1))
        restored = consents.current(session, patient.id)
        assert {channel: entry.given_by for channel, entry in restored.items()} == {Channel.EMAIL: KEPT}


HEADER = (
    "Nom;Prénom;Date de naissance;Cellulaire;Courriel;Date du traitement;Consentement texto;Consentement donné par;Lien"
)


def _import(desk: Desk, *lines: str, header: str = HEADER) -> list[tuple[str, str]]:
    data = "\n".join((header, *lines)).encode()
    report = imports.import_csv(desk.database, desk.clinic.id, data, NOW)
    return [(line.status, line.reason) for line in report.lines]


def test_an_import_asks_for_the_guardian_too(desk: Desk) -> None:
    """Lines that share a number go one by one, the others together."""
    came = "2012-03-11;514-555-01{n};;2026-03-09;oui;{who}"
    lines = [
        "Roy;Léo;" + came.format(n=31, who=";"),
        "Roy;Mia;" + came.format(n=31, who=";"),
        "Roy;Zoé;" + came.format(n=33, who="Anne Roy;mère"),
        "Roy;Max;" + came.format(n=34, who="Anne Roy;voisine"),
        "Roy;Guy;" + came.format(n=35, who="Anne Roy;tutrice").replace("oui", "non"),
        "Roy;Ana;" + came.format(n=36, who=";"),
        "Roy;Eve;" + came.format(n=37, who=";conjointe").replace("2012", "1982"),
    ]
    assert _import(desk, *lines) == [
        ("skipped", "guardian_needed"),
        ("skipped", "guardian_needed"),
        ("accepted", ""),
        ("skipped", "relation_unknown"),
        ("accepted", "no_consent"),
        ("skipped", "guardian_needed"),
        ("accepted", ""),
    ]
    with desk.database.begin() as session:
        assert session.scalars(select(Consent.given_by).order_by(Consent.id)).all() == [KEPT, None]


@pytest.mark.parametrize(("who", "renewed"), [("Anne Roy;mère", True), (";", False)])
def test_an_import_renews_for_a_child_what_a_guardian_agrees_to(desk: Desk, who: str, renewed: bool) -> None:
    """What the child had agreed to ended with the birth date; a STOP, and what the patient withdrew, stay so."""
    line = "Roy;Léo;2012-03-11;514-555-0113;;2026-03-0{day};oui;{who}"
    with desk.database.begin() as session:
        patient = desk.add(session, child(""))
        desk.agree(session, patient, Channel.SMS)
        patients.change(session, desk.actor, desk.clinic, patient, patients.clean(child(), desk.clinic), NOW)
        assert consents.current(session, patient.id) == {}
    came = _import(desk, line.format(day=9, who=who))
    with desk.database.begin() as session:
        assert (Channel.SMS in consents.current(session, patient.id)) is renewed
        consents.withdraw(session, desk.actor, patient.id, Channel.SMS, NOW)
    assert came == [("accepted", "" if renewed else "no_consent")]
    _import(desk, line.format(day=8, who="Anne Roy;mère"))
    with desk.database.begin() as session:
        assert (Channel.SMS in consents.current(session, patient.id)) is not renewed


@pytest.mark.parametrize(
    ("language", "said"),
    [(Language.EN, "under 14 only a parent or the tutor may agree"), (Language.FR, "seul un parent ou le tuteur")],
)
def test_the_imports_report_says_why(desk: Desk, language: Language, said: str) -> None:
    data = f"{HEADER}\nRoy;Léo;2012-03-11;514-555-0131;;2026-03-09;oui;;".encode()
    report = imports.import_csv(desk.database, desk.clinic.id, data, NOW, dry_run=True)
    assert said in "\n".join(imports.report_lines(report, language))


def test_marie_is_of_age(desk: Desk) -> None:
    """The patient of all other tests has no birth date: nobody is held up for want of one."""
    assert not MARIE.birth_date
