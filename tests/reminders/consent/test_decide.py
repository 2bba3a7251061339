"""Promise 4's table, row by row."""

from dataclasses import replace
from typing import Any

import pytest

from reminders.consent import RULES, Decision, Standing, Verdict, decide
from reminders.models.kinds import Channel, MessageKind

GO, WAIT, NO = Verdict.GO, Verdict.WAIT, Verdict.NO

FINE = Standing(
    kind=MessageKind.REMINDER,
    channel=Channel.SMS,
    has_address=True,
    consented=True,
    opted_out=False,
    opted_out_by_carrier=False,
    window_open=True,
)

# fmt: off
TABLE = [
    # kind           no consent  opted out  by carrier  night   night, fresh  night, urgent
    ("reminder",     NO,         NO,        NO,         WAIT,   WAIT,         WAIT),
    ("nudge",        NO,         NO,        NO,         WAIT,   WAIT,         WAIT),
    ("answer",       GO,         NO,        NO,         WAIT,   GO,           WAIT),
    ("confirmation", GO,         GO,        NO,         GO,     GO,           GO),
    ("safety",       GO,         GO,        GO,         GO,     GO,           GO),
    ("staff",        NO,         NO,        NO,         WAIT,   WAIT,         GO),
    ("alert",        GO,         GO,        GO,         GO,     GO,           GO),
]
# fmt: on

CHANGES: list[dict[str, Any]] = [
    {"consented": False},
    {"opted_out": True},
    {"opted_out": True, "opted_out_by_carrier": True},
    {"window_open": False},
    {"window_open": False, "is_fresh": True},
    {"window_open": False, "urgent": True},
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_the_table(row: tuple[str, Verdict, Verdict, Verdict, Verdict, Verdict, Verdict]) -> None:
    standing = replace(FINE, kind=MessageKind(row[0]))
    assert [decide(replace(standing, **change)).verdict for change in CHANGES] == list(row[1:])


def test_the_table_is_complete() -> None:
    assert {MessageKind(row[0]) for row in TABLE} == set(MessageKind) == set(RULES)


@pytest.mark.parametrize("kind", MessageKind)
def test_all_well_goes(kind: MessageKind) -> None:
    assert decide(replace(FINE, kind=kind)) == Decision(GO)


@pytest.mark.parametrize("kind", MessageKind)
def test_nobody_is_written_to_without_an_address_or_after_erasure(kind: MessageKind) -> None:
    assert decide(replace(FINE, kind=kind, has_address=False)) == Decision(NO, "no_address")
    assert decide(replace(FINE, kind=kind, erased=True)) == Decision(NO, "patient_erased")


def test_reasons_are_those_staff_read() -> None:
    assert decide(replace(FINE, consented=False)).reason == "no_consent"
    assert decide(replace(FINE, opted_out=True, consented=False)).reason == "opted_out"
    assert decide(replace(FINE, window_open=False)).reason == "outside_window"


def test_a_refusal_outranks_waiting() -> None:
    assert decide(replace(FINE, window_open=False, consented=False)) == Decision(NO, "no_consent")


def test_a_lifted_opt_out_by_the_carrier_no_longer_silences_us() -> None:
    confirmation = replace(FINE, kind=MessageKind.CONFIRMATION, opted_out=False, opted_out_by_carrier=True)
    assert decide(confirmation).verdict is GO
