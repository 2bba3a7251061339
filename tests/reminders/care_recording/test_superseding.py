"""A later treatment of the same protocol takes an earlier one's place only if somebody says so; that can be undone.

Seen to fail when: taking it back planned nothing; one of the same day, or a later one, could be replaced.
"""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reminders.care import consents, follow_ups, superseding, treatments
from reminders.care.imports.report import ImportReport
from reminders.care.imports.run import import_csv
from reminders.care.treatment_input import TreatmentInput
from reminders.errors import EarlierTreatmentError, InvalidInputError
from reminders.models import Message, Patient, Protocol, Reminder, Ticket, Treatment
from reminders.models.kinds import Channel, TicketKind, TreatmentState
from tests.conftest import NOW
from tests.promises.world import set_clock
from tests.reminders.care_recording.conftest import Desk, messages_of, reminders_of, set_state

EARLIER = TreatmentInput("microneedling", "2026-03-08", "10:00")
LATER = TreatmentInput("microneedling", "2026-03-10", "10:00")
CALLED_OFF = "treatment_superseded"


def marie(desk: Desk, session: Session) -> Patient:
    patient = desk.add(session)
    desk.agree(session, patient, Channel.SMS)
    return patient


def twice(desk: Desk, session: Session, *, supersedes: bool) -> tuple[Treatment, Treatment]:
    """Marie, treated two days ago and today."""
    patient = marie(desk, session)
    first = desk.record(session, patient, EARLIER)
    set_state(session, first.id, "day-1", "delivered")
    return first, desk.record(session, patient, LATER, supersedes=supersedes)


def test_nobody_has_said_what_becomes_of_the_first(desk: Desk) -> None:
    with desk.database.begin() as session:
        patient = marie(desk, session)
        first = desk.record(session, patient, EARLIER)
        with pytest.raises(EarlierTreatmentError) as refused:
            desk.record(session, patient, LATER)
        assert refused.value.existing_ids == [str(first.id)]
        assert session.scalars(select(Treatment)).all() == [first]


def test_both_go_on(desk: Desk) -> None:
    with desk.database.begin() as session:
        first, second = twice(desk, session, supersedes=False)
        assert [template for template, *_ in messages_of(session, first.id)] == ["step:day-3", "step:day-7"]
        assert len(messages_of(session, second.id)) == 3
        assert first.state is TreatmentState.ACTIVE


def test_the_new_one_takes_its_place(desk: Desk) -> None:
    with desk.database.begin() as session:
        first, second = twice(desk, session, supersedes=True)
        assert (first.state, first.superseded_by_id) == (TreatmentState.SUPERSEDED, second.id)
        assert messages_of(session, first.id) == []
        assert reminders_of(session, first.id) == [
            ("day-1", 1, "owed", ""),
            ("day-3", 1, "cancelled", CALLED_OFF),
            ("day-7", 1, "cancelled", CALLED_OFF),
        ]
        assert len(messages_of(session, second.id)) == 3
        assert superseding.replaceable(session, first.patient_id) == {}


def test_it_is_taken_back(desk: Desk) -> None:
    with desk.database.begin() as session:
        first, second = twice(desk, session, supersedes=True)
        superseding.take_back(session, desk.actor, desk.clinic, first, NOW)
        assert (first.state, first.superseded_by_id) == (TreatmentState.ACTIVE, None)
        assert [template for template, *_ in messages_of(session, first.id)] == ["step:day-3", "step:day-7"]
        assert [row[:3] for row in reminders_of(session, first.id) if row[1] == 2] == [
            ("day-3", 2, "owed"),
            ("day-7", 2, "owed"),
        ]
        assert superseding.replaceable(session, first.patient_id) == {first.id: second.id}
        with pytest.raises(InvalidInputError, match="not_superseded"):
            superseding.take_back(session, desk.actor, desk.clinic, first, NOW)
        superseding.replace(session, desk.actor, first, NOW)
        assert (first.state, first.superseded_by_id) == (TreatmentState.SUPERSEDED, second.id)


def test_what_became_too_late_is_not_owed_anew(desk: Desk) -> None:
    with desk.database.begin() as session:
        first, _ = twice(desk, session, supersedes=True)
        superseding.take_back(session, desk.actor, desk.clinic, first, NOW + timedelta(days=4))
        assert [template for template, *_ in messages_of(session, first.id)] == ["step:day-7"]
        assert ("day-3", 1, "cancelled", CALLED_OFF) in reminders_of(session, first.id)


def test_a_nudge_that_was_called_off_with_it_is_owed_again(desk: Desk) -> None:
    """Seen to fail when the round that ended with the treatment hid the check-in that nobody has answered."""
    with desk.database.begin() as session:
        patient = marie(desk, session)
        first = desk.record(session, patient, TreatmentInput("microneedling", "2026-03-02", "10:00"))
        set_state(session, first.id, "day-7", "delivered")
        session.execute(update(Message).where(Message.template == "step:day-7").values(sent_at=NOW))
    nudged_at, taken_back_at = NOW + timedelta(hours=25), NOW + timedelta(hours=26)
    assert follow(desk, nudged_at) == ["nudge"]
    with desk.database.begin() as session:
        first = session.get_one(Treatment, first.id)
        desk.record(session, session.get_one(Patient, patient.id), LATER, supersedes=True)
        superseding.take_back(session, desk.actor, desk.clinic, first, taken_back_at)
    assert follow(desk, taken_back_at) == ["nudge"]
    assert follow(desk, taken_back_at) == []
    with desk.database.begin() as session:
        rounds = [row for row in reminders_of(session, first.id) if row[0] == "day-7"]
        assert rounds[1:] == [("day-7", 2, "cancelled", CALLED_OFF), ("day-7", 3, "owed", "nudge")]


def follow(desk: Desk, now: datetime) -> list[str]:
    """What is owed to the silent at that hour: why, for each round that is new."""
    set_clock(desk.database, now)
    with desk.database.read() as session:
        before = set(session.scalars(select(Reminder.id)))
    follow_ups.follow_up(desk.database)
    with desk.database.read() as session:
        return list(session.scalars(select(Reminder.reason).where(Reminder.id.not_in(before))))


def test_one_without_a_later_one_cannot_be_replaced(desk: Desk) -> None:
    with desk.database.begin() as session:
        patient = marie(desk, session)
        first = desk.record(session, patient, EARLIER)
        with pytest.raises(InvalidInputError, match="not_replaceable"):
            superseding.replace(session, desk.actor, first, NOW)


@pytest.mark.parametrize("state", ["cancelled", "done"])
def test_one_that_owes_nothing_is_no_question(desk: Desk, state: str) -> None:
    with desk.database.begin() as session:
        patient = marie(desk, session)
        first = desk.record(session, patient, EARLIER)
        if state == "cancelled":
            treatments.cancel(session, desk.actor, first, "moved away", NOW)
        else:
            for step in ("day-1", "day-3", "day-7"):
                set_state(session, first.id, step, "delivered")
        assert desk.record(session, patient, LATER).state is TreatmentState.ACTIVE


def test_an_older_one_noted_afterwards_is_no_question(desk: Desk) -> None:
    with desk.database.begin() as session:
        patient = marie(desk, session)
        desk.record(session, patient, LATER)
        assert desk.record(session, patient, EARLIER).state is TreatmentState.ACTIVE


def test_neither_is_one_of_another_protocol(desk: Desk) -> None:
    with desk.database.begin() as session:
        patient = marie(desk, session)
        first = desk.record(session, patient, EARLIER)
        other = session.get_one(Protocol, first.protocol_id)
        other.key = "something-else"
        session.flush()
        desk.publish(session)
        assert desk.record(session, patient, LATER, supersedes=True).state is TreatmentState.ACTIVE
        assert first.state is TreatmentState.ACTIVE


def test_a_superseded_one_owes_nothing_whatever_changes(desk: Desk) -> None:
    with desk.database.begin() as session:
        first, second = twice(desk, session, supersedes=True)
        patient = session.get_one(Patient, first.patient_id)
        consents.withdraw(session, desk.actor, patient.id, Channel.SMS, NOW)
        desk.agree(session, patient, Channel.EMAIL)
        assert messages_of(session, first.id) == []
        assert {channel for _, channel, _ in messages_of(session, second.id)} == {"email"}
        with pytest.raises(InvalidInputError, match="treatment_cancelled"):
            treatments.move(session, desk.actor, desk.clinic, first, treatments.TreatedWhen("2026-03-07"), NOW)


def test_an_import_without_anybody_to_ask_lets_both_go_on_and_asks_staff(desk: Desk) -> None:
    report = imported(desk, "")
    assert [(line.status, line.reason) for line in report.lines] == [("accepted", ""), ("accepted", "both_go_on")]
    with desk.database.read() as session:
        assert set(session.scalars(select(Treatment.state))) == {TreatmentState.ACTIVE}
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.kind, ticket.reason, ticket.treatment_id) == (
            TicketKind.OVERLAP,
            "same_protocol",
            newest(session),
        )
    assert [line.status for line in imported(desk, "").lines] == ["already", "already"]


@pytest.mark.parametrize(("cell", "states"), [("oui", {"superseded", "active"}), ("non", {"active"})])
def test_a_column_of_the_file_may_say(desk: Desk, cell: str, states: set[str]) -> None:
    report = imported(desk, cell)
    assert [line.reason for line in report.lines] == ["", ""]
    with desk.database.read() as session:
        assert {state.value for state in session.scalars(select(Treatment.state))} == states
        assert session.scalars(select(Ticket)).all() == []


def imported(desk: Desk, cell: str) -> ImportReport:
    lines = [
        "prenom;nom;cellulaire;date;consentement texto;remplace",
        "Lise;Roy;514 555-0141;2026-03-08;oui;",
        f"Lise;Roy;514 555-0141;2026-03-10;oui;{cell}",
    ]
    return import_csv(desk.database, desk.clinic.id, "\n".join(lines).encode(), NOW)


def newest(session: Session) -> UUID:
    return session.scalars(select(Treatment.id).order_by(Treatment.treated_at.desc())).first() or UUID(int=0)
