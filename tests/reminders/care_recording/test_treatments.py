"""Treatments recorded, moved, cancelled; and what a patient's changes do to what they are owed. On both databases."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from benchmarks.counting import counted
from reminders.care import consents, patients, replanning, treatments
from reminders.care.owed import Intents, Terms
from reminders.care.patients import PatientInput
from reminders.care.treatments import TreatedWhen, TreatmentInput
from reminders.errors import DuplicateError, InvalidInputError, NotFoundError
from reminders.models import Audit, Message, OptOut, Provider, Reminder, Sender, Treatment
from reminders.models.kinds import Channel, Language
from schedules import library
from schedules.plan import PlannedStep
from tests.conftest import NOW
from tests.reminders.care_recording.conftest import BOTH, MARIE, Desk, messages_of, reminders_of, set_state

TODAY = TreatmentInput("microneedling", "2026-03-10", "10:00")
DUE = [datetime(2026, 3, day, 14, 0, tzinfo=UTC) for day in (11, 13, 17)]
STEPS = ("day-1", "day-3", "day-7")


def owed(channel: str, dues: list[datetime] | None = None) -> list[tuple[str, str, datetime]]:
    return [(f"step:{step}", channel, due) for step, due in zip(STEPS, dues or DUE, strict=True)]


def test_a_treatment_owes_three_texts(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session)
        assert messages_of(session, treatment.id) == owed("sms")
        assert reminders_of(session, treatment.id) == [(step, 1, "owed", "") for step in STEPS]
        assert session.scalars(select(Reminder.is_check_in).order_by(Reminder.step)).all() == [False, False, True]
        assert {m.protocol_version_id for m in session.scalars(select(Message))} == {treatment.protocol_version_id}
        assert "treatment.recorded" in session.scalars(select(Audit.action)).all()


@pytest.mark.parametrize(
    ("agreed", "channel"), [(BOTH, "sms"), ({Channel.SMS}, "sms"), ({Channel.EMAIL}, "email"), (set(), None)]
)
def test_the_preview_is_what_recording_does(desk: Desk, agreed: set[Channel], channel: str | None) -> None:
    for_a_preview = patients.clean(MARIE, desk.clinic)
    with desk.database.begin() as session:
        shown = treatments.preview(session, desk.clinic, for_a_preview, agreed, TODAY, NOW)
        treatment = desk.treated(session, agreed)
        planned = [
            (f"step:{entry.step.key}", sent.value, entry.due_at) for entry in shown.entries for sent in entry.channels
        ]
        assert planned == messages_of(session, treatment.id) == (owed(channel) if channel else [])
        reasons = [(entry.step.key, entry.skipped_reason or "") for entry in shown.entries]
        assert reasons == [(step, reason) for step, _, _, reason in reminders_of(session, treatment.id)]


def test_the_preview_shows_words_in_the_patients_language_and_hours_in_their_zone(desk: Desk) -> None:
    away = PatientInput("Anne", "Ross", "en", "604 555 0100", timezone="America/Vancouver")
    with desk.database.read() as session:
        given = patients.clean(away, desk.clinic)
        shown = treatments.preview(session, desk.clinic, given, {Channel.SMS}, TODAY, NOW)
    assert [entry.local.hour for entry in shown.entries] == [10, 10, 10]
    assert str(shown.zone) == "America/Vancouver"
    assert "How has your skin been" in shown.entries[2].texts[Channel.SMS].body
    assert desk.clinic.short_name in shown.entries[0].texts[Channel.SMS].body


def test_days_count_from_the_clinics_date_wherever_the_patient_lives(desk: Desk) -> None:
    away = PatientInput("Anne", "Ross", "en", "604 555 0100", timezone="Pacific/Auckland")
    late = TreatmentInput("microneedling", "2026-03-09", "14:30")
    with desk.database.begin() as session:
        patient = desk.add(session, away)
        desk.agree(session, patient, Channel.SMS)
        shown = treatments.preview(session, desk.clinic, patient, {Channel.SMS}, late, NOW)
        treatment = desk.record(session, patient, late)
        dues = [due for _, _, due in messages_of(session, treatment.id)]
    assert [entry.due_at for entry in shown.entries] == dues
    assert [entry.local.date().day for entry in shown.entries][1:] == [12, 16]


def test_the_preview_for_nobody_yet(desk: Desk) -> None:
    with desk.database.read() as session:
        shown = treatments.preview(session, desk.clinic, None, {Channel.EMAIL}, TODAY, NOW)
    assert [entry.channels for entry in shown.entries] == [(Channel.EMAIL,)] * 3
    assert all(entry.texts[Channel.EMAIL].subject for entry in shown.entries)


def test_a_backdated_treatment_notes_what_is_too_late(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session, day="2026-03-05")
        assert reminders_of(session, treatment.id) == [
            ("day-1", 1, "skipped", "too_late"),
            ("day-3", 1, "owed", ""),
            ("day-7", 1, "owed", ""),
        ]


@pytest.mark.parametrize(
    ("given", "field", "problem"),
    [
        (TreatmentInput("", "2026-03-10"), "protocol_key", "protocol_missing"),
        (TreatmentInput("botox", "2026-03-10"), "protocol_key", "protocol_unknown"),
        (TreatmentInput("microneedling", "2026-03-12"), "treated_on", "treatment_in_future"),
        (TreatmentInput("microneedling", "2026-03-08", "02:30"), "treated_time", "time_nonexistent"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    desk: Desk, given: TreatmentInput, field: str, problem: str
) -> None:
    with desk.database.begin() as session:
        patient = desk.add(session)
        with pytest.raises(InvalidInputError) as error:
            desk.record(session, patient, given)
        assert error.value.problems[field].key == problem
        assert session.scalar(select(func.count()).select_from(Treatment)) == 0


def test_the_same_treatment_twice_is_refused_unless_confirmed(desk: Desk) -> None:
    with desk.database.begin() as session:
        first = desk.treated(session)
        patient = patients.get(session, desk.clinic.id, first.patient_id)
        with pytest.raises(DuplicateError) as error:
            desk.record(session, patient, TreatmentInput("microneedling", "2026-03-10", "09:00"))
        assert error.value.existing_id == str(first.id)
        shown = treatments.preview(session, desk.clinic, patient, BOTH, TODAY, NOW)
        assert shown.duplicate_of == first.id
        assert desk.record(session, patient, TODAY, confirmed=True).ordinal == 2


def test_an_external_id_is_recorded_once_even_if_confirmed(desk: Desk) -> None:
    with desk.database.begin() as session:
        first = desk.record(session, desk.add(session), TreatmentInput("microneedling", "2026-03-10", external_id="T"))
        other = desk.add(session, PatientInput("Paul", phone="514 555 0112"))
        with pytest.raises(DuplicateError) as error:
            desk.record(session, other, TreatmentInput("microneedling", "2026-03-09", external_id="T"), confirmed=True)
        assert error.value.existing_id == str(first.id)


def test_a_provider_is_one_however_written(desk: Desk) -> None:
    with desk.database.begin() as session:
        patient = desk.add(session)
        for day, name in enumerate(("Dre Ménard", "dre  MENARD", ""), start=7):
            desk.record(session, patient, TreatmentInput("microneedling", f"2026-03-0{day}", provider=name))
        assert session.scalars(select(Provider.name)).all() == ["Dre Ménard"]


def test_a_moved_date_moves_what_is_planned_and_not_what_was_sent(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session)
        set_state(session, treatment.id, "day-1", "delivered")
        treatments.move(session, desk.actor, desk.clinic, treatment, TreatedWhen("2026-03-09", "10:00"), NOW)
        assert str(treatment.local_date) == "2026-03-09"
        moved = [due - timedelta(days=1) for due in DUE[1:]]
        assert messages_of(session, treatment.id) == owed("sms", [DUE[0], *moved])[1:]
        assert messages_of(session, treatment.id, "delivered") == owed("sms")[:1]
        assert len(reminders_of(session, treatment.id)) == 3


def test_a_date_moved_far_back_cancels_and_moved_forward_again_adds(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session)
        treatments.move(session, desk.actor, desk.clinic, treatment, TreatedWhen("2026-02-10"), NOW)
        assert messages_of(session, treatment.id) == []
        assert reminders_of(session, treatment.id) == [(step, 1, "skipped", "too_late") for step in STEPS]
        treatments.move(session, desk.actor, desk.clinic, treatment, TreatedWhen("2026-03-10", "09:00"), NOW)
        assert messages_of(session, treatment.id) == owed("sms")
        assert [round_ for _, round_, state, _ in reminders_of(session, treatment.id) if state == "owed"] == [2, 2, 2]


def test_moving_onto_another_treatment_is_refused(desk: Desk) -> None:
    with desk.database.begin() as session:
        first = desk.treated(session)
        patient = patients.get(session, desk.clinic.id, first.patient_id)
        second = desk.record(session, patient, TreatmentInput("microneedling", "2026-03-08", "10:00"))
        with pytest.raises(DuplicateError):
            treatments.move(session, desk.actor, desk.clinic, second, TreatedWhen("2026-03-10", "11:00"), NOW)
        assert str(second.local_date) == "2026-03-08"


def test_cancelling_stops_what_is_planned_and_cannot_be_moved_after(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session)
        set_state(session, treatment.id, "day-1", "sent")
        treatments.cancel(session, desk.actor, treatment, "Recorded by mistake", NOW)
        assert messages_of(session, treatment.id) == []
        assert [state for _, _, state, _ in reminders_of(session, treatment.id)] == ["owed", "cancelled", "cancelled"]
        treatments.cancel(session, desk.actor, treatment, "Again", NOW)
        assert treatment.state_reason == "Recorded by mistake"
        with pytest.raises(InvalidInputError):
            treatments.move(session, desk.actor, desk.clinic, treatment, TreatedWhen("2026-03-09"), NOW)
        patient = patients.get(session, desk.clinic.id, treatment.patient_id)
        replanning.refresh(session, desk.clinic, patient, NOW)
        assert messages_of(session, treatment.id) == []


def test_consent_granted_later_brings_what_is_still_useful(desk: Desk) -> None:
    later = NOW + timedelta(days=2, hours=10)
    with desk.database.begin() as session:
        treatment = desk.treated(session, agreed=())
        assert reminders_of(session, treatment.id) == [(step, 1, "skipped", "no_consent") for step in STEPS]
        patient = patients.get(session, desk.clinic.id, treatment.patient_id)
        desk.agree(session, patient, Channel.EMAIL, later)
        assert messages_of(session, treatment.id) == owed("email")[1:]


def test_consent_withdrawn_goes_by_the_other_channel_then_not_at_all(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session)
        consents.withdraw(session, desk.actor, treatment.patient_id, Channel.SMS, NOW)
        assert messages_of(session, treatment.id) == owed("email")
        consents.withdraw(session, desk.actor, treatment.patient_id, Channel.EMAIL, NOW)
        assert messages_of(session, treatment.id) == []
        assert reminders_of(session, treatment.id) == [(step, 1, "skipped", "no_consent") for step in STEPS]
        patient = patients.get(session, desk.clinic.id, treatment.patient_id)
        desk.agree(session, patient, Channel.SMS)
        assert messages_of(session, treatment.id) == owed("sms")


def test_what_a_worker_has_begun_is_not_sent_by_the_other_channel(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session)
        set_state(session, treatment.id, "day-1", "sending")
        consents.withdraw(session, desk.actor, treatment.patient_id, Channel.SMS, NOW)
        assert messages_of(session, treatment.id) == owed("email")[1:]


def test_a_worker_that_begins_between_our_look_and_our_cancel_keeps_its_message(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session)
        session.flush()
        seen = replanning._rows(session, treatment.id)
        set_state(session, treatment.id, "day-1", "sending")
        terms = Terms(Channel.EMAIL, "", Language.FR, NOW)
        step = library.load("microneedling").protocol.steps[0]
        to = PlannedStep(step, DUE[0], DUE[1])
        case = replanning._Case(session, treatment, terms, NOW)
        replanning._carry_out(case, Intents(replace=((seen[0], to),), stop=((seen[0], "no_consent"),)))
        assert messages_of(session, treatment.id) == owed("sms")[1:]
        assert reminders_of(session, treatment.id)[0] == ("day-1", 1, "owed", "")


def test_a_new_language_or_zone_follows(desk: Desk) -> None:
    with desk.database.begin() as session:
        treatment = desk.treated(session)
        patient = patients.get(session, desk.clinic.id, treatment.patient_id)
        changed = patients.clean(
            PatientInput(
                "Marie-Ève", "Tremblay", "en", "514-555-0111", "marie@example.org", "D-1", "America/Vancouver"
            ),
            desk.clinic,
        )
        fields = patients.change(session, desk.actor, desk.clinic, patient, changed, NOW)
        assert fields == {"language", "timezone"}
        assert messages_of(session, treatment.id) == owed("sms", [due + timedelta(hours=3) for due in DUE])
        planned = select(Message.language).where(Message.state == "planned").distinct()
        assert [language.value for language in session.scalars(planned)] == ["en"]


def test_an_opted_out_address_is_noted(desk: Desk) -> None:
    with desk.database.begin() as session:
        patient = desk.add(session)
        session.add(OptOut(
            clinic_id=desk.clinic.id, channel=Channel.SMS, address_index=patient.phone_index, at=NOW, source="reply",
            by_carrier=False,
        ))  # fmt: skip
        granted = desk.agree(session, patient, Channel.SMS)
        assert granted.notice is not None
        assert granted.notice.key == "still_opted_out"
        treatment = desk.record(session, patient)
        assert reminders_of(session, treatment.id) == [(step, 1, "skipped", "opted_out") for step in STEPS]


def test_a_clinic_without_sender_notes_it(desk: Desk) -> None:
    with desk.database.begin() as session:
        for sender in session.scalars(select(Sender)):
            session.delete(sender)
        session.flush()
        treatment = desk.treated(session)
        assert reminders_of(session, treatment.id) == [(step, 1, "skipped", "no_sender") for step in STEPS]


def test_nothing_is_stored_if_the_caller_does_not_commit(desk: Desk) -> None:
    with desk.database.begin() as session:
        desk.treated(session)
        session.rollback()
    with desk.database.read() as session:
        for table in (Treatment, Reminder, Message):
            assert session.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.parametrize("held", [True, False])
def test_recording_reads_twice_and_writes_once(desk: Desk, *, held: bool) -> None:
    """The patient is locked, what counts is looked at once that lock is had, and all rows are written together.

    Whoever has them from `patients.get` with the lock is not asked again.
    """
    with desk.database.begin() as session:
        desk.record(session, desk.add(session, PatientInput("Luc", "Roy", phone="514 555-0143")))
        patient = desk.add(session)
        desk.agree(session, patient, Channel.SMS)
    with desk.database.begin(clinic=desk.clinic.id) as session:
        patient = patients.get(session, desk.clinic.id, patient.id, held=held)
        with counted(desk.database.engine) as sql:
            treatment = desk.record(session, patient)
            session.flush()
        assert sql.statements == (7 if desk.database.is_sqlite else 3) - held
        assert messages_of(session, treatment.id) == owed("sms")
        assert session.get_one(Treatment, treatment.id) is treatment
    with desk.database.read() as session:
        again = session.get_one(Treatment, treatment.id)
        stored = {column.key: getattr(again, column.key) for column in Treatment.__table__.columns}
    assert stored == {name: getattr(treatment, name) for name in stored}


def test_nobody_records_for_another_clinics_patient(desk: Desk) -> None:
    with desk.database.begin() as session:
        patient = desk.add(session)
    with pytest.raises(PermissionError), desk.database.begin(clinic=uuid4()) as session:
        desk.record(session, patient)
    patient.id = uuid4()
    with pytest.raises(NotFoundError), desk.database.begin() as session:
        desk.record(session, patient)
