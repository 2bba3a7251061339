"""Where staff can go from every page: the places in the bar, those in one's own menu, and which of them one is in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reminders.care.seeing import MOST_COUNTED
from reminders.web.visitors import Member


@dataclass(frozen=True)
class Place:
    """A page that is led to; whatever lies below one of `within` counts as being there."""

    path: str
    key: str
    within: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Whether the page at `path` belongs here."""
        return path == self.path or any(path == start or path.startswith(f"{start}/") for start in self.within)


BAR = (
    Place("/", "nav.inbox", ("/tickets",)),
    Place("/inbox", "nav.conversations", ("/inbox", "/replies")),
    Place("/patients", "nav.patients", ("/patients", "/treatments", "/attachments")),
    Place("/consults", "nav.consults", ("/consults",)),
    Place("/reports/replies", "nav.report", ("/reports",)),
)
"""What is gone to all day. Today alone has no pages below it: "/" would hold everything."""

MENU = (
    Place("/protocols", "nav.protocols", ("/protocols",)),
    Place("/saved-answers", "nav.saved_answers", ("/saved-answers",)),
    Place("/sending", "nav.sending", ("/sending", "/on-call")),
    Place("/settings", "nav.settings", ("/settings",)),
    Place("/account", "nav.account", ("/account",)),
)
"""What is gone to now and then."""

RECORD = Place("/treatments/new", "nav.record", ("/treatments/new",))
"""What is done most often: a button, for whoever may."""


SETTINGS = (
    Place("/settings", "settings.clinic"),
    Place("/settings/hours", "settings.hours"),
    Place("/settings/people", "settings.people", ("/settings/people",)),
    Place("/settings/senders", "settings.senders", ("/settings/senders",)),
    Place("/settings/keys", "settings.keys", ("/settings/keys",)),
    Place("/settings/trail", "settings.trail"),
    Place("/settings/retention", "settings.retention"),
)
"""The pages of the settings."""

ELSEWHERE = (
    Place("/sending", "nav.sending"),
    Place("/on-call", "on_call.title"),
    Place("/protocols", "nav.protocols"),
)
"""What belongs to the settings, too, and stands by itself."""


@dataclass(frozen=True)
class Navigation:
    """The places that a member may go to. `here` is the path of the one they are in, "" in none; `counts` says of a
    place how much is new there; `at` is the path of the page of the settings."""

    bar: Sequence[Place]
    menu: Sequence[Place]
    record: Place | None
    here: str
    counts: Mapping[str, str]
    settings: Sequence[Place] = SETTINGS
    elsewhere: Sequence[Place] = ELSEWHERE
    at: str = ""


def navigation_of(member: Member) -> Navigation:
    """The places for a member, on the page that they asked for."""
    path = member.request.url.path
    holding = [place for place in (RECORD, *BAR, *MENU) if place.holds(path)]
    new = str(member.unread) if member.unread <= MOST_COUNTED else f"{MOST_COUNTED}+"
    return Navigation(
        bar=BAR,
        menu=MENU,
        record=RECORD if member.may_change else None,
        here=holding[0].path if holding else "",
        counts={"/inbox": new} if member.unread else {},
        at=next((place.path for place in SETTINGS if place.holds(path)), ""),
    )
