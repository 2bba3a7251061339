"""Drafts of a protocol: started once, edited, judged, published by somebody, and frozen from then on.

Seen to fail when: `change_draft` lost `published_at IS NULL` from its WHERE; `publish` published in spite of findings.
"""

import copy
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reminders.care import protocol_drafts as drafts
from reminders.care import protocol_versions, protocols
from reminders.care.actors import Actor
from reminders.care.protocol_steps import TypedStep, clean_steps
from reminders.care.protocol_versions import BlockedError, FrozenError, change_draft
from reminders.care.treatments import TreatmentInput
from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models import Audit, ProtocolVersion
from reminders.models.kinds import Channel, Language
from reminders.models.options import ContentRules, with_content_rules
from reminders.wording.findings import Code, Place
from tests.conftest import NOW
from tests.promises.syntax import calls, modules
from tests.reminders.care_recording.conftest import Desk
from tests.reminders.care_recording.protocols_desk import (
    DAY_3,
    NEW_WORDS,
    owner,
    protocol_of,
    publish_new_words,
    steps,
)


def test_a_draft_begins_with_what_is_published_and_there_is_one(desk: Desk) -> None:
    with desk.database.begin() as session:
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        draft = drafts.start(session, actor, protocol, NOW)
        newest = protocol_versions.versions_of(session, protocol).published
        assert newest is not None
        assert (draft.number, draft.content, draft.published_at) == (2, newest.content, None)
        drafts.change_text(session, actor, protocol, DAY_3, {"body": NEW_WORDS}, NOW)
        assert drafts.start(session, actor, protocol, NOW).id == draft.id
        again = drafts.start_from_library(session, actor, "microneedling", NOW)
        assert again.content["texts"]["fr"]["day-3"]["sms"] == {"body": NEW_WORDS}, "what was typed stays"
        assert protocols.published(session, desk.clinic.id)[0][1].number == 1, "a draft is followed by nobody"


def test_the_database_refuses_a_second_draft(desk: Desk) -> None:
    with desk.database.begin() as session:
        first = drafts.start(session, owner(session, desk), protocol_of(session, desk), NOW)
    whose = {"clinic_id": desk.clinic.id, "protocol_id": first.protocol_id}
    with Session(desk.database.engine) as session:
        session.add(ProtocolVersion(**whose, number=9, content=first.content, created_at=NOW))
        with pytest.raises(IntegrityError):
            session.flush()


def test_a_starter_that_the_clinic_lacks_waits_as_a_draft(desk: Desk) -> None:
    with desk.database.begin() as session:
        actor = owner(session, desk)
        assert [one.protocol.key for one in drafts.missing_from(session, desk.clinic.id)] == ["rf-microneedling"]
        draft = drafts.start_from_library(session, actor, "rf-microneedling", NOW)
        assert (draft.number, draft.published_at, draft.approved_by) == (1, None, None)
        assert drafts.missing_from(session, desk.clinic.id) == []
        with pytest.raises(InvalidInputError, match="protocol_unknown"):
            desk.record(session, desk.add(session), TreatmentInput("rf-microneedling", "2026-03-10", "10:00"))
        rf = protocol_of(session, desk, "rf-microneedling")
        assert drafts.start(session, actor, rf, NOW).id == draft.id
        protocol_versions.publish(session, actor, desk.clinic, rf, NOW)
        assert [protocol.key for protocol, _ in protocols.published(session, desk.clinic.id)][-1] == "rf-microneedling"
        assert drafts.start_from_library(session, actor, "rf-microneedling", NOW).number == 2
        with pytest.raises(NotFoundError):
            drafts.start_from_library(session, actor, "botox", NOW)


def test_publishing_records_who_and_when_and_the_trail_says_it_all(desk: Desk) -> None:
    with desk.database.begin() as session:
        version, actor = publish_new_words(session, desk), owner(session, desk)
        assert (version.number, version.published_at, version.approved_by) == (2, NOW, actor.staff_id)
        assert protocols.published(session, desk.clinic.id)[0][1].id == version.id
        trail = session.execute(select(Audit.action, Audit.staff_id).where(Audit.action.startswith("protocol.")))
        assert {tuple(entry) for entry in trail} == {
            ("protocol.draft_started", actor.staff_id),
            ("protocol.draft_changed", actor.staff_id),
            ("protocol.published", actor.staff_id),
        }


def test_findings_that_block_keep_a_draft_a_draft(desk: Desk) -> None:
    with desk.database.begin() as session:
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        drafts.start(session, actor, protocol, NOW)
        drafts.change_text(session, actor, protocol, DAY_3, {"body": "Microneedling. ça va? ARRET 911"}, NOW)
        with pytest.raises(BlockedError) as stopped:
            protocol_versions.publish(session, actor, desk.clinic, protocol, NOW)
        found = {finding.code for finding in stopped.value.findings}
        assert found == {Code.CLINIC_MISSING, Code.TREATMENT_NAMED, Code.NOT_GSM7}
        assert protocol_versions.draft_of(session, protocol).published_at is None


def test_a_clinic_that_allows_it_may_name_the_treatment(desk: Desk) -> None:
    with desk.database.begin() as session:
        clinic = session.merge(desk.clinic)
        clinic.options = with_content_rules({}, ContentRules(may_name_treatment=True))
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        drafts.start(session, actor, protocol, NOW)
        drafts.change_text(session, actor, protocol, DAY_3, {"body": NEW_WORDS + " Microneedling."}, NOW)
        assert protocol_versions.publish(session, actor, clinic, protocol, NOW).number == 2


def test_warnings_do_not_block(desk: Desk) -> None:
    with desk.database.begin() as session:
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        drafts.start(session, actor, protocol, NOW)
        drafts.change_text(session, actor, protocol, DAY_3, {"body": "{clinic} : sans rien d'autre"}, NOW)
        assert protocol_versions.publish(session, actor, desk.clinic, protocol, NOW).number == 2


def test_nobody_but_a_member_of_staff_approves(desk: Desk) -> None:
    with desk.database.begin() as session:
        protocol = protocol_of(session, desk)
        drafts.start(session, owner(session, desk), protocol, NOW)
        with pytest.raises(InvalidInputError, match="approver_missing"):
            protocol_versions.publish(session, Actor(desk.clinic.id, "command"), desk.clinic, protocol, NOW)


@pytest.mark.parametrize("values", [{"content": {}}, {"published_at": None}, {"number": 9}, {"approved_by": None}])
def test_what_is_published_cannot_be_changed(desk: Desk, values: dict[str, Any]) -> None:
    with desk.database.begin() as session:
        version = publish_new_words(session, desk)
        before = copy.deepcopy(version.content)
        with pytest.raises(FrozenError):
            change_draft(session, version, **values)
        session.expire_all()
        kept = session.get_one(ProtocolVersion, version.id)
        assert (kept.content, kept.published_at, kept.number) == (before, NOW, 2)
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        for late in (
            lambda: drafts.change_text(session, actor, protocol, DAY_3, {"body": "x"}, NOW),
            lambda: drafts.change_steps(session, actor, protocol, steps(1, 3, 7), NOW),
            lambda: drafts.discard(session, actor, protocol, NOW),
            lambda: protocol_versions.publish(session, actor, desk.clinic, protocol, NOW),
        ):
            with pytest.raises(NotFoundError):
                late()


def test_versions_are_changed_in_one_place_alone() -> None:
    """Whoever wrote one elsewhere would go round the guard."""
    writers = {
        str(path)
        for path, tree in modules()
        for name, call in calls(tree)
        if name in {"update", "delete", "?.update"} and call.args and "ProtocolVersion" in ast_names(call)
    }
    assert writers == {"reminders/care/protocol_versions.py", "reminders/care/protocol_drafts.py"}


def ast_names(call: Any) -> set[str]:
    """The bare names among a call's arguments."""
    return {argument.id for argument in call.args if hasattr(argument, "id")}


def test_a_draft_can_be_thrown_away_and_what_is_published_not(desk: Desk) -> None:
    with desk.database.begin() as session:
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        drafts.start(session, actor, protocol, NOW)
        drafts.discard(session, actor, protocol, NOW)
        left = protocol_versions.versions_of(session, protocol)
        assert (left.draft, [version.number for version in left.versions]) == (None, [1])


def test_the_schedule_can_be_edited_and_texts_follow_their_step(desk: Desk) -> None:
    with desk.database.begin() as session:
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        draft = drafts.start(session, actor, protocol, NOW)
        typed = [*steps(1, 4, 7), TypedStep("", "14", "09:30", "48", is_check_in=False)]
        drafts.change_steps(session, actor, protocol, typed, NOW)
        assert [(step.key, step.day) for step in protocols.parse(draft).steps] == [
            ("day-1", 1),
            ("day-3", 4),
            ("day-7", 7),
            ("day-14", 14),
        ]
        with pytest.raises(BlockedError) as stopped:
            protocol_versions.publish(session, actor, desk.clinic, protocol, NOW)
        assert {(one.code, one.place.step) for one in stopped.value.findings} == {(Code.TEXT_MISSING, "day-14")}
        drafts.change_steps(session, actor, protocol, steps(1, 3, keys=("day-1", "day-7")), NOW)
        assert set(draft.content["texts"]["fr"]) == {"day-1", "day-7"}


@pytest.mark.parametrize(
    ("typed", "field", "problem"),
    [
        ([], "steps", Problem("steps_missing", most="12")),
        ([TypedStep("a", "1", "10:00", "5", is_check_in=False)] * 2, "steps", Problem("steps_same_time")),
        ([TypedStep("a", str(n), "10:00", "5", is_check_in=False) for n in range(1, 14)], "steps", None),
        ([TypedStep("a", "0", "10:00", "5", is_check_in=False)], "day-0", Problem("number_outside", limit="365")),
        ([TypedStep("a", "9" * 5000, "10:00", "5", is_check_in=False)], "day-0", None),
        ([TypedStep("a", "x", "10:00", "5", is_check_in=False)], "day-0", Problem("not_a_number")),
        ([TypedStep("a", "1", "07:59", "5", is_check_in=False)], "at-0", Problem("step_time")),
        ([TypedStep("a", "1", "21:00", "5", is_check_in=False)], "at-0", Problem("step_time")),
        ([TypedStep("a", "1", "tea", "5", is_check_in=False)], "at-0", Problem("step_time")),
        ([TypedStep("a", "1", "10:00", "721", is_check_in=False)], "hours-0", Problem("number_outside", limit="720")),
    ],
)
def test_steps_that_cannot_be_are_refused(typed: list[TypedStep], field: str, problem: Problem | None) -> None:
    with pytest.raises(InvalidInputError) as refused:
        clean_steps(typed)
    assert set(refused.value.problems) == {field}
    assert problem is None or refused.value.problems[field] == problem


def test_new_steps_get_names_of_their_own() -> None:
    typed = [TypedStep("", "3", at, "5", is_check_in=False) for at in ("10:00", "12:00")]
    assert [step["key"] for step in clean_steps([*typed, *steps(1, 2, 7)])] == [
        "day-1",
        "day-3",
        "day-3-2",
        "day-3-3",
        "day-7",
    ]


def test_a_text_that_cannot_be_stored_is_refused(desk: Desk) -> None:
    with desk.database.begin() as session:
        protocol, actor = protocol_of(session, desk), owner(session, desk)
        drafts.start(session, actor, protocol, NOW)
        email = Place("day-1", Language.EN, Channel.EMAIL)
        for parts, field in (
            ({"subject": "s", "body": "b" * 5001}, "body"),
            ({"subject": "s\nBcc: x", "body": "b"}, "subject"),
            ({"subject": "s", "body": "b\u202e"}, "body"),
        ):
            with pytest.raises(InvalidInputError) as refused:
                drafts.change_text(session, actor, protocol, email, parts, NOW)
            assert set(refused.value.problems) == {field}
        with pytest.raises(NotFoundError):
            drafts.change_text(session, actor, protocol, Place("day-9", *DAY_3_REST), {"body": "x"}, NOW)
        drafts.change_text(session, actor, protocol, DAY_3, {"body": "e\u0301te\u0301", "subject": "none"}, NOW)
        draft = protocol_versions.draft_of(session, protocol)
        assert draft.content["texts"]["fr"]["day-3"]["sms"] == {"body": "été"}, "composed, and no subject in a text"


DAY_3_REST = (Language.FR, Channel.SMS)
