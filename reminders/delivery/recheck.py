"""Asked again at the last moment: may this message leave now?"""

from dataclasses import dataclass, field
from datetime import datetime

from reminders.consent import ANSWER_WITHIN, Standing, Verdict, decide
from reminders.delivery.facts import Addressee, Facts
from reminders.delivery.windows import Window, window_of
from reminders.models import Clinic
from reminders.models.kinds import ConsentAction, MessageKind
from schedules.lifecycle import State


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds for a whole group at `now`: the clinic, and the window in each zone."""

    now: datetime
    clinic: Clinic
    _windows: dict[str | None, Window] = field(default_factory=dict)

    def window(self, facts: Facts) -> Window:
        """The patient's zone decides for patients, the clinic's for staff."""
        zone = None if facts.staff_id else facts.timezone
        if zone not in self._windows:
            self._windows[zone] = window_of(self.clinic, zone, self.now)
        return self._windows[zone]


@dataclass(frozen=True, slots=True)
class Ruling:
    """Where a message that may not leave goes instead: to SKIPPED, EXPIRED or back to PLANNED, due at `due_at`."""

    target: State
    reason: str
    due_at: datetime | None = None


def rule(facts: Facts, to: Addressee | None, around: Circumstances) -> Ruling | None:
    """None: it may leave. Else what becomes of it, and why."""
    if plain := _plain(facts, around):
        return plain
    decision = decide(standing(facts, to, around))
    if decision.verdict is Verdict.GO:
        return None
    if decision.verdict is Verdict.NO:
        return Ruling(State.SKIPPED, decision.reason)
    window = around.window(facts)
    opening = window.opening(waits_for_open_day=facts.is_check_in)
    if opening >= facts.useful_until:
        return Ruling(State.EXPIRED, "too_late")
    return Ruling(State.PLANNED, "clinic_closed" if window.is_open() else decision.reason, opening)


def _plain(facts: Facts, around: Circumstances) -> Ruling | None:
    """What needs no look at promise 4's table."""
    if facts.held:
        return Ruling(State.PLANNED, "held")
    if facts.useful_until <= around.now:
        return Ruling(State.EXPIRED, "too_late")
    # The owners are called whether or not they are on call.
    if facts.kind is MessageKind.ALERT and facts.staff_off_call:
        return Ruling(State.SKIPPED, "not_on_call")
    return None


def standing(facts: Facts, to: Addressee | None, around: Circumstances) -> Standing:
    """The message's line in promise 4's table."""
    opt_out = to.opt_out if to else None
    return Standing(
        kind=facts.kind,
        channel=facts.channel,
        has_address=to is not None,
        consented=facts.consent is ConsentAction.GRANTED,
        opted_out=opt_out is not None,
        opted_out_by_carrier=bool(opt_out),
        # An answer to a check-in must find somebody at the clinic, also when the check-in was delayed.
        window_open=around.window(facts).is_open(waits_for_open_day=facts.is_check_in),
        urgent=facts.urgent,
        is_fresh=facts.reply_at is not None and around.now - facts.reply_at <= ANSWER_WITHIN,
        answered=facts.answered,
        erased=facts.erased_at is not None and facts.staff_id is None,
    )
