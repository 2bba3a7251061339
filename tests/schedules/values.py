"""What the schedule tests draw from: awkward zones, moments near their changes, any valid hours and protocol."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from schedules.hours import Hours
from schedules.library import load
from schedules.protocol import Protocol, Step, StepKind

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
START = datetime(2010, 1, 1, tzinfo=UTC)
DAYS = 20 * 365

MICRONEEDLING = load("microneedling").protocol
TORONTO = ZoneInfo("America/Toronto")
# Lord Howe changes by half an hour, St John's is off the hour, and Apia skipped 30 December 2011 whole.
ZONES = tuple(
    map(ZoneInfo, ("America/Toronto", "Europe/London", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"))
)


def changes(zone: ZoneInfo) -> list[datetime]:
    """The days (UTC midnight) of twenty years in the course of which the zone's offset changes."""
    midnights = [START + n * DAY for n in range(DAYS)]
    return [day for day in midnights if day.astimezone(zone).utcoffset() != (day + DAY).astimezone(zone).utcoffset()]


CHANGES = {zone.key: changes(zone) for zone in ZONES}

zones = st.sampled_from(ZONES)


@st.composite
def moments(draw: st.DrawFn, zone: ZoneInfo) -> datetime:
    """A whole minute (UTC): anywhere in twenty years, or within nine days of a change of the zone's clocks."""
    anywhere = st.builds(lambda n: START + n * MINUTE, st.integers(0, DAYS * 1440))
    minutes = st.integers(-9 * 1440, 9 * 1440)
    near = st.builds(lambda day, n: day + n * MINUTE, st.sampled_from(CHANGES[zone.key]), minutes)
    moment: datetime = draw(st.one_of(anywhere, near))
    return moment


@st.composite
def open_hours(draw: st.DrawFn, zone: ZoneInfo, near: date) -> Hours:
    """Any legal window, with any closed weekdays but all seven, and closed dates within three weeks after `near`."""
    first, last = sorted(draw(st.lists(st.integers(8 * 60, 21 * 60), min_size=2, max_size=2, unique=True)))
    closed = draw(st.frozensets(st.integers(1, 7), max_size=6))
    offsets = draw(st.frozensets(st.integers(0, 21)))
    dates = frozenset(near + n * DAY for n in offsets)
    return Hours(zone, time(*divmod(first, 60)), time(*divmod(last, 60)), closed, dates)


@st.composite
def protocols(draw: st.DrawFn) -> Protocol:
    """One to five steps on days 1 to 14, also two a day, useful for an hour to a fortnight."""
    slots = draw(st.sets(st.tuples(st.integers(1, 14), st.sampled_from((8, 10, 20))), min_size=1, max_size=5))
    return Protocol("any", tuple(draw(_steps(f"step-{n}", day, hour)) for n, (day, hour) in enumerate(sorted(slots))))


@st.composite
def _steps(draw: st.DrawFn, key: str, day: int, hour: int) -> Step:
    kind = draw(st.sampled_from(StepKind))
    useful_for = draw(st.integers(1, 14 * 24)) * HOUR
    return Step(key, day, kind, time(hour), useful_for, kind is StepKind.CHECK_IN and draw(st.booleans()))


@st.composite
def situations(draw: st.DrawFn) -> tuple[datetime, Hours, datetime]:
    """A treatment, the hours, and a `now` from three days before it to a month after it."""
    zone = draw(zones)
    treated_at = draw(moments(zone))
    now = treated_at + draw(st.integers(-3 * 1440, 30 * 1440)) * MINUTE
    return treated_at, draw(open_hours(zone, treated_at.date())), now
