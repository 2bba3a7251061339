"""What a clinic has set about patients who do not answer or are getting better, with a value where it has set none."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any

FOLLOW_UP = "follow_up"
"""Under which key of `Clinic.options` these rules stand."""

LIMITS: Mapping[str, tuple[int, int]] = {
    "nudge_hours": (1, 96),
    "call_hours": (1, 96),
    "second_look_days": (0, 7),
    "answer_minutes": (10, 1440),
}
"""The least and the most that a clinic can set. Nudge and call together stay near the week in which a check-in asks."""


@dataclass(frozen=True, slots=True)
class FollowUpRules:
    """How long a check-in stays unanswered until a nudge goes (hours), and the nudge until staff call (hours); how long
    after "improving" the patient is asked once more (days, 0: never); how far apart automatic answers to one patient
    are, safety texts excepted (minutes)."""

    nudge_hours: int = 24
    call_hours: int = 24
    second_look_days: int = 0
    answer_minutes: int = 60

    @property
    def nudge_after(self) -> timedelta:
        """From the check-in to the nudge."""
        return timedelta(hours=self.nudge_hours)

    @property
    def call_after(self) -> timedelta:
        """From the nudge to the ticket."""
        return timedelta(hours=self.call_hours)

    @property
    def second_look_after(self) -> timedelta | None:
        """From the answer "improving" to the second look; None where the clinic wants none."""
        return timedelta(days=self.second_look_days) if self.second_look_days else None

    @property
    def answers_apart(self) -> timedelta:
        """Between two automatic answers."""
        return timedelta(minutes=self.answer_minutes)


def follow_up_rules(options: Mapping[str, Any]) -> FollowUpRules:
    """The rules in a clinic's options. What is not there, or nobody could have set, is the default."""
    kept = options.get(FOLLOW_UP)
    given: Mapping[str, Any] = kept if isinstance(kept, Mapping) else {}
    names = [field.name for field in fields(FollowUpRules)]
    return FollowUpRules(**{name: given[name] for name in names if _may_be(name, given.get(name))})


def with_follow_up_rules(options: Mapping[str, Any], rules: FollowUpRules) -> dict[str, Any]:
    """A clinic's options with these rules in them, as JSON."""
    return {**options, FOLLOW_UP: asdict(rules)}


def _may_be(name: str, value: object) -> bool:
    least, most = LIMITS[name]
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
