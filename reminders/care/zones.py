"""Which time zones there are."""

import zoneinfo
from functools import cache


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA zone that this installation knows."""
    return name in _known()


@cache
def _known() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
