"""Which receipts follow an accepted text, and when: decided purely, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

from reminders.sandbox.faults import Fault, FaultKind


@dataclass(frozen=True, slots=True)
class Step:
    """After `wait` seconds the text moves to `status` (None: it stays) and the receipt of `report` goes out."""

    wait: float
    status: str | None
    report: str | None
    error_code: int | None = None


_UNREACHABLE_HANDSET = 30003

_USUAL = (Step(0.05, "sent", "sent"), Step(0.1, "delivered", "delivered"))

_PLANS: Mapping[FaultKind, tuple[Step, ...]] = {
    FaultKind.NO_RECEIPTS: (Step(0.05, "sent", None), Step(0.1, "delivered", None)),
    FaultKind.DUPLICATE_RECEIPTS: (*_USUAL, Step(0.02, None, "delivered"), Step(0.02, None, "delivered")),
    # The network decides the order, not what happened to the text.
    FaultKind.SHUFFLE_RECEIPTS: (
        Step(0.02, "sent", None),
        Step(0.03, "delivered", "delivered"),
        Step(0.05, None, "sent"),
    ),
}


def plan(fault: Fault | None) -> tuple[Step, ...]:
    """What happens to a text once it is accepted, usually or by `fault`."""
    if fault is None:
        return _USUAL
    if fault.kind is FaultKind.UNDELIVERED:
        code = fault.code or _UNREACHABLE_HANDSET
        return (Step(0.05, "sent", "sent"), Step(0.1, "undelivered", "undelivered", code))
    return _PLANS[fault.kind]
