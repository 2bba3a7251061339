"""Promise 10: for every reminder the software can say in a sentence, in both languages, why it was or was not sent; and
for every reply, why it was read as it was.

Later issues add nudges, second looks and merged texts; their sentences join this table with them.
Seen to fail when: a reason had no words in one language; a state had no sentence; a new reason was written in delivery;
the page left reminders without a message out; the hold, the code or the opt-out did not reach the sentence; a reply's
words, or that the second reader found them, were not kept.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from reminders.care import treatments
from reminders.care.actors import Actor
from reminders.care.explain import Explanation, sentence
from reminders.care.explain.readings import Decider, read_as, to_data
from reminders.care.explain.texts import texts
from reminders.care.reach import NO_ADDRESS, NO_CONSENT, NO_SENDER, OPTED_OUT
from reminders.care.timeline import timeline, why
from reminders.channels.base import ChannelError, Fault
from reminders.models import Attempt, Consent, Message, MessageReminder, Patient, Reminder, Reply, Treatment
from reminders.models.kinds import Language, ReminderState, Role
from reminders.models.options import SPEND_CAP
from reminders.triage import Evidence, Label
from schedules.lifecycle import State
from tests.promises.practice import Practice
from tests.promises.syntax import calls, modules
from tests.promises.world import TUESDAY, number
from tests.reminders.care_answering.test_explain import REFUSALS

ZONE = ZoneInfo("America/Toronto")


# Words for all that the code can write.

_WRITES = frozenset(
    {
        *("Move", "Ruling", "_Meaning", "cancel", "cancel_messages", "call_off_successors", "end", "_stop"),
        *("SkippedStep", "Decision", "Draft", "_Place"),
    }
)
"""What puts a reason on a message or a reminder. Settling and re-checking take theirs from these tables."""

_NOT_REASONS = frozenset({"in", "why"})


def _reasons() -> set[str]:
    """Every word that the code gives as a reason, straight or by a module's constant."""
    found: set[str] = set()
    for path, tree in modules():
        if path.parts[1] in {"care", "delivery", "outbox", "consent.py"} or path.parts[0] == "schedules":
            constants = dict(_constants(tree))
            for name, call in calls(tree):
                if name.rsplit(".", 1)[-1] in _WRITES:
                    found |= set(_words(call, constants))
    return found - _NOT_REASONS | REFUSALS | {NO_ADDRESS, NO_CONSENT, NO_SENDER, OPTED_OUT, SPEND_CAP}


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from ((target.id, node.value.value) for target in node.targets if isinstance(target, ast.Name))


def _words(call: ast.Call, constants: Mapping[str, str]) -> Iterator[str]:
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "reason")]
    for value in given:
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
            yield value.value
        if isinstance(value, ast.Name) and value.id in constants:
            yield constants[value.id]


@pytest.mark.parametrize("language", list(Language))
def test_every_reason_that_the_code_writes_has_words(language: Language) -> None:
    reasons = _reasons()
    assert reasons >= {
        "further_text",
        "too_late",
        "opted_out",
        "refused",
        "unsendable",
        "lease_lapsed",
        "treatment_cancelled",
    }
    assert reasons - set(texts(language).reason) == set()


@pytest.mark.parametrize("language", list(Language))
def test_every_state_has_a_sentence(language: Language) -> None:
    wanted = {f"message_{state}" for state in State} | {f"reminder_{state}" for state in ReminderState}
    assert wanted <= set(texts(language).sentence)
    assert all(words.endswith(".") for words in texts(language).sentence.values())


# What staff read after a week in which everything happened.

Happening = Callable[[Practice, Patient], None]


def _sweep_with(deed: Exception | str | None) -> Happening:
    def happen(practice: Practice, patient: Patient) -> None:
        practice.world.treat(patient)
        practice.phones.deeds = [deed]
        practice.sweep()

    return happen


def _then(status: str, code: str = "") -> Happening:
    def happen(practice: Practice, patient: Patient) -> None:
        _sweep_with(None)(practice, patient)
        own = select(Attempt).join(Message, Message.id == Attempt.message_id).where(Message.patient_id == patient.id)
        practice.receipt(practice.rows(own)[0], status, code)

    return happen


def _without_consent(practice: Practice, patient: Patient) -> None:
    """It goes after the message is planned, in a way that nobody noticed: only the last look finds it."""
    practice.world.treat(patient, days_ago=0)
    with practice.database.begin() as session:
        session.query(Consent).where(Consent.patient_id == patient.id).delete()


def _opted_out(practice: Practice, patient: Patient) -> None:
    practice.world.treat(patient, days_ago=5)
    practice.text("STOP", sender=patient.phone or "")


def _cancelled(practice: Practice, patient: Patient) -> None:
    given = practice.world.treat(patient, days_ago=5)
    with practice.database.begin(clinic=practice.clinic.id) as session:
        treatment = session.get_one(Treatment, given.id)
        treatments.cancel(session, Actor(practice.clinic.id, "form"), treatment, "moved away", practice.world.now)


def _held(practice: Practice, patient: Patient) -> None:
    practice.world.treat(patient, days_ago=5)
    with practice.database.begin() as session:
        session.get_one(Patient, patient.id).held_at = practice.world.now


def _expired(practice: Practice, patient: Patient) -> None:
    """On hold until it was too late."""
    practice.world.treat(patient)
    with practice.database.begin() as session:
        session.get_one(Patient, patient.id).held_at = practice.world.now


BY_DAY_SEVEN: Mapping[str, tuple[Happening, str, str]] = {
    "sent": (_sweep_with(None), "handed over by text", "Il est parti par texto"),
    "delivered": (_then("delivered"), "It arrived by text", "Il est arrivé par texto"),
    "undelivered": (
        _then("undelivered", "30005"),
        "did not arrive because the number does not exist",
        "n'est pas arrivé",
    ),
    "further text": (
        _then("undelivered", "30003"),
        "because an earlier text did not arrive.",
        "un texto précédent n'est pas arrivé",
    ),
    "failed": (
        _sweep_with(ChannelError("no", Fault.PERMANENT, "21614")),
        "could not be sent by text because the number cannot receive texts",
        "n'a pas pu partir",
    ),
    "busy": (
        _sweep_with(ChannelError("later", Fault.RETRY, "connection")),
        "it is tried again",
        "on essaie de nouveau",
    ),
    "unknown": (_sweep_with("accept and say nothing"), "nobody knows yet", "nous continuons de demander"),
    "planned": (
        lambda practice, patient: _drop(practice.world.treat(patient, days_ago=5)),
        "It will go by text",
        "partira",
    ),
    "held": (_held, "waits because this patient is on hold", "envois à cette personne sont suspendus"),
    "opted out": (_opted_out, "the patient opted out", "s'est désabonnée"),
    "cancelled": (_cancelled, "the treatment's follow-up was cancelled", "a été annulé"),
}
"""What happens to a patient's day-7 reminder, and what the sentence must say of it in each language."""

LATER: Mapping[str, tuple[Happening, str, str]] = {
    "expired": (_expired, "too late for it to be useful", "trop tard"),
    "skipped": (_without_consent, "there is no consent for it", "le consentement manque"),
}
"""The same, a week later."""


def _drop(_: object) -> None:
    """For its effect alone."""


def _patients(practice: Practice, table: Mapping[str, tuple[Happening, str, str]], first: int) -> dict[str, Patient]:
    patients = {}
    for n, (name, (happen, _, _)) in enumerate(table.items(), start=first):
        patients[name] = practice.world.patient(phone=number(n))
        happen(practice, patients[name])
    return patients


def _said(practice: Practice, patient: Patient, language: Language) -> dict[str, str]:
    """The sentence of each of a patient's reminders, by step."""
    with practice.database.read(clinic=practice.clinic.id) as session:
        here = session.get_one(Patient, patient.id)
        found = why(session, practice.clinic, here)
        steps = {row.id: row.step for row in session.scalars(select(Reminder))}
        return {steps[reminder_id]: sentence(one, language, ZONE) for reminder_id, one in found.items()}


def test_each_fate_has_its_sentence(practice: Practice) -> None:
    late = _patients(practice, LATER, first=50)
    practice.world.pass_time(timedelta(days=7))
    practice.sweep()
    patients = late | _patients(practice, BY_DAY_SEVEN, first=20)
    for name, (_, english, french) in {**BY_DAY_SEVEN, **LATER}.items():
        assert english in _said(practice, patients[name], Language.EN)["day-7"], name
        assert french in _said(practice, patients[name], Language.FR)["day-7"], name
    assert {message.state for message in practice.rows(select(Message))} >= {
        State.SENT,
        State.DELIVERED,
        State.UNDELIVERED,
        State.FAILED,
        State.UNKNOWN,
        State.PLANNED,
        State.CANCELLED,
        State.EXPIRED,
        State.SKIPPED,
    }
    _see_pages(practice, list(patients.values()))


def _see_pages(practice: Practice, patients: list[Patient]) -> None:
    """Every reminder stands on its patient's page with a sentence, its own or its message's, as the reader reads."""
    shown = 0
    for language in Language:
        desk = practice.browser(practice.hire(role=Role.VIEWER, language=language.value))
        for patient in patients:
            page = unescape(desk.get(f"/patients/{patient.id}").text)
            for words in _told(practice, patient, language):
                assert words in page
                shown += 1
    assert shown >= 3 * len(patients)


def _told(practice: Practice, patient: Patient, language: Language) -> Iterator[str]:
    """For each of a patient's reminders what the timeline says of it, or of each message that carried it."""
    with practice.database.read(clinic=practice.clinic.id) as session:
        entries = timeline(session, practice.clinic, session.get_one(Patient, patient.id))
        said = {entry.subject_id: entry for entry in entries if entry.why_key}
        own = select(Reminder.id).join(Treatment).where(Treatment.patient_id == patient.id)
        for reminder_id in session.scalars(own):
            carrying = select(MessageReminder.message_id).where(MessageReminder.reminder_id == reminder_id)
            for subject in session.scalars(carrying).all() or [reminder_id]:
                entry = said[subject]
                # Under the date of its day, which is not said again.
                told = Explanation(entry.why_key, entry.why_params)
                yield sentence(told, language, ZONE, entry.at.astimezone(ZONE).date())


def test_no_reminder_is_left_without_a_reason_to_give(practice: Practice) -> None:
    """Whatever is owed, skipped or cancelled has either a message that tells, or a reason of its own."""
    _patients(practice, BY_DAY_SEVEN, first=20)
    carried = set(practice.rows(select(MessageReminder.reminder_id)))
    for reminder in practice.rows(select(Reminder)):
        assert reminder.id in carried or reminder.reason, reminder.step


# Why a reply was read as it was.

READ: Mapping[str, tuple[str, str, str]] = {
    "a red flag": ("I have a fever", "Read as Urgent (“", "Lu comme Urgent (« "),
    "an opt-out": ("STOP", "Read as Stop (“", "Lu comme Arrêt (« "),
    "a digit": ("3", "Read as Persisting (“3”)", "Lu comme Persistant (« 3 »)"),
    "nothing": ("blue", "Read as Other. The reading is in doubt", "Lu comme Autre. La lecture est incertaine"),
}


@pytest.mark.parametrize("case", READ)
def test_every_reply_says_why_it_was_read_so(practice: Practice, case: str) -> None:
    text, english, french = READ[case]
    patient = practice.world.patient(phone=number(30))
    practice.world.treat(patient)
    practice.sweep()
    practice.text(text, sender=patient.phone or "")
    for language, words in ((Language.EN, english), (Language.FR, french)):
        desk = practice.browser(practice.hire(role=Role.VIEWER, language=language.value))
        assert words in unescape(desk.get(f"/patients/{patient.id}").text)


def test_that_the_second_reader_decided_is_kept_with_its_words() -> None:
    rules, second = Evidence(Label.URGENT, "fever"), Evidence(Label.STOP, "no more", "second")
    kept = Reply(read_at=TUESDAY, labels=["urgent", "stop"], confidence=0.5, evidence=to_data([rules, second]))
    told = read_as(kept)
    assert told is not None
    assert told.deciders == (Decider("urgent", "fever"), Decider("stop", "no more", "second"))
    assert (told.sureness, told.by_second) == ("doubt", True)


@pytest.mark.parametrize("odd", [None, "x", {}, [None], [["urgent"]], [["urgent", 3]], [["never heard of", "x"]]])
def test_evidence_of_a_shape_that_nobody_knows_shows_nothing(odd: object) -> None:
    told = read_as(Reply(read_at=TUESDAY, labels=["urgent"], evidence=odd))
    assert told is not None
    assert (told.deciders, told.sureness) == ((), "")
