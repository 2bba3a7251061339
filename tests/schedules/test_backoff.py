"""When to try again, and when to give up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.backoff import POLICIES, FailureKind, next_try

NOW = datetime(2026, 5, 4, 14, tzinfo=UTC)
JITTER = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("kind", "failures", "seconds"),
    [
        (FailureKind.TRANSIENT, 1, 30),
        (FailureKind.TRANSIENT, 2, 60),
        (FailureKind.TRANSIENT, 3, 120),
        (FailureKind.TRANSIENT, 7, 3600),
        (FailureKind.TRANSIENT, 99, 3600),
        (FailureKind.TRANSIENT, 100, None),
        (FailureKind.RECEIPT, 1, 3600),
        (FailureKind.RECEIPT, 2, 4 * 3600),
        (FailureKind.RECEIPT, 3, None),
        (FailureKind.RECEIPT, 4, None),
    ],
)
def test_next_try(kind: FailureKind, failures: int, seconds: int | None) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert next_try(kind, failures, NOW, 0.0) == expected


@pytest.mark.parametrize(("failures", "jitter"), [(0, 0.0), (-1, 0.0), (1, 1.0), (1, -0.1)])
def test_senseless_counts_are_refused(failures: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="not a failure count"):
        next_try(FailureKind.TRANSIENT, failures, NOW, jitter)


def test_a_naive_now_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        next_try(FailureKind.TRANSIENT, 1, NOW.replace(tzinfo=None), 0.0)


def test_an_outage_of_three_days_does_not_end_the_tries() -> None:
    now, failures = NOW, 0
    while (again := next_try(FailureKind.TRANSIENT, failures + 1, now, 0.0)) is not None:
        now, failures = again, failures + 1
    assert now - NOW > timedelta(days=3)


@given(st.sampled_from(FailureKind), st.integers(1, 99), JITTER, JITTER)
def test_waits_never_shrink_and_jitter_only_adds_a_quarter(kind: FailureKind, n: int, one: float, two: float) -> None:
    plain, jittered, following = (next_try(kind, k, NOW, j) for k, j in ((n, 0.0), (n, one), (n + 1, two)))
    if plain is None or jittered is None:
        assert plain is jittered is following is None
        return
    assert plain <= jittered <= plain + (plain - NOW) / 4
    assert following is None or following >= plain


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_kind_has_a_policy(kind: FailureKind) -> None:
    assert POLICIES[kind].waits
