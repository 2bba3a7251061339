"""What the carrier and the mailbox do wrong next: a queue that tests fill."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Every way to go wrong. `Stage` says at which moment each strikes."""

    ERROR_500 = "error_500"
    ERROR_500_AFTER_ACCEPTING = "error_500_after_accepting"
    HANG = "hang"
    HANG_BEFORE_ACCEPTING = "hang_before_accepting"
    DROP = "drop"
    DROP_AFTER_ACCEPTING = "drop_after_accepting"
    THROTTLE_429 = "throttle_429"
    WRONG_JSON = "wrong_json"
    ERROR_CODE = "error_code"
    LOOKUP_500 = "lookup_500"
    MEDIA_404 = "media_404"
    MEDIA_ELSEWHERE = "media_elsewhere"
    MEDIA_CUT = "media_cut"
    UNDELIVERED = "undelivered"
    NO_RECEIPTS = "no_receipts"
    DUPLICATE_RECEIPTS = "duplicate_receipts"
    SHUFFLE_RECEIPTS = "shuffle_receipts"
    CARRIER_HANDLES_STOP = "carrier_handles_stop"
    SMTP_CLOSE_AFTER_DATA = "smtp_close_after_data"
    SMTP_4XX = "smtp_4xx"
    SMTP_5XX = "smtp_5xx"


class Stage(StrEnum):
    """The moment at which a fault strikes."""

    BEFORE = "the create call, before the message is accepted"
    AFTER = "the create call, once the message is accepted"
    LOOKUP = "fetching or listing"
    MEDIA = "fetching what hangs on a text"
    RECEIPT = "receipts of an accepted message"
    RECIPIENT = "RCPT TO"
    DATA = "the end of DATA"
    STANDING = "until cleared"


_STAGES: Mapping[FaultKind, Stage] = {
    FaultKind.ERROR_500: Stage.BEFORE,
    FaultKind.HANG_BEFORE_ACCEPTING: Stage.BEFORE,
    FaultKind.DROP: Stage.BEFORE,
    FaultKind.THROTTLE_429: Stage.BEFORE,
    FaultKind.ERROR_CODE: Stage.BEFORE,
    FaultKind.ERROR_500_AFTER_ACCEPTING: Stage.AFTER,
    FaultKind.HANG: Stage.AFTER,
    FaultKind.DROP_AFTER_ACCEPTING: Stage.AFTER,
    FaultKind.WRONG_JSON: Stage.AFTER,
    FaultKind.LOOKUP_500: Stage.LOOKUP,
    FaultKind.MEDIA_404: Stage.MEDIA,
    FaultKind.MEDIA_ELSEWHERE: Stage.MEDIA,
    FaultKind.MEDIA_CUT: Stage.MEDIA,
    FaultKind.UNDELIVERED: Stage.RECEIPT,
    FaultKind.NO_RECEIPTS: Stage.RECEIPT,
    FaultKind.DUPLICATE_RECEIPTS: Stage.RECEIPT,
    FaultKind.SHUFFLE_RECEIPTS: Stage.RECEIPT,
    FaultKind.CARRIER_HANDLES_STOP: Stage.STANDING,
    FaultKind.SMTP_5XX: Stage.RECIPIENT,
    FaultKind.SMTP_4XX: Stage.DATA,
    FaultKind.SMTP_CLOSE_AFTER_DATA: Stage.DATA,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to do wrong. `code` and `status` are for the kinds that answer with one; `seconds` is a wait."""

    kind: FaultKind
    seconds: float | None = None
    code: int | None = None
    status: int | None = None


class Faults:
    """The queue. Each stage takes its own faults, oldest first; a standing one stays until cleared."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[Fault, int]] = []
        self._standing: frozenset[FaultKind] = frozenset()

    def set(self, fault: Fault, times: int = 1) -> None:
        """Do `fault` wrong the next `times` times."""
        with self._lock:
            if _STAGES[fault.kind] is Stage.STANDING:
                self._standing |= {fault.kind}
            else:
                self._waiting.append((fault, times))

    def take(self, *stages: Stage) -> Fault | None:
        """The fault to commit now at one of `stages`, counted off."""
        if not self._waiting:
            return None
        with self._lock:
            for place, (fault, times) in enumerate(self._waiting):
                if _STAGES[fault.kind] in stages:
                    self._waiting[place : place + 1] = [(fault, times - 1)] if times > 1 else []
                    return fault
        return None

    def stands(self, kind: FaultKind) -> bool:
        """Whether a standing fault is on."""
        return kind in self._standing

    def clear(self) -> None:
        """Do nothing wrong any more."""
        with self._lock:
            self._waiting.clear()
            self._standing = frozenset()
