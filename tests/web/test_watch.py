"""How sending stands is looked at by one, now and then, however many ask."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.orm import Session

from reminders.delivery.pulse import Pulse
from reminders.web import watch
from reminders.web.watch import Watch
from tests.conftest import NOW

SEEN = Pulse(NOW, None, None, None, unknown=0, senders_paused=0, clinics_held=0, everything_held=False)


class _Looking:
    """A database that may be slow or away; counts how often it is looked at."""

    def __init__(self) -> None:
        self.looks = 0
        self.answers = threading.Event()
        self.answers.set()
        self.asked = threading.Event()
        self.away = False

    def pulse(self, _session: Session) -> Pulse:
        self.looks += 1
        self.asked.set()
        assert self.answers.wait(10)
        if self.away:
            raise ConnectionError
        return SEEN


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> _Looking:
    """What every watch looks at."""
    made = _Looking()
    monkeypatch.setattr(watch, "pulse", made.pulse)
    return made


def test_it_is_looked_at_once_however_many_ask(looking: _Looking) -> None:
    eyes, session = Watch(), Session()
    assert [eyes.pulse(session) for _ in range(5)] == [SEEN] * 5
    assert looking.looks == 1
    eyes.pulse(session, fresh_seconds=0)
    assert looking.looks == 2


def test_nobody_waits_for_somebody_elses_look(looking: _Looking) -> None:
    """Seen to fail when the watch held its lock over its question: every page waited for a slow database."""
    eyes, session = Watch(), Session()
    eyes.pulse(session)
    looking.answers.clear()
    looking.asked.clear()
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(eyes.pulse, session, 0)
        assert looking.asked.wait(10)
        try:
            assert pool.submit(eyes.pulse, session, 60).result(timeout=5) is SEEN
        finally:
            looking.answers.set()
        assert slow.result(timeout=5) is SEEN
    assert looking.looks == 2


def test_a_look_that_failed_is_made_again(looking: _Looking) -> None:
    eyes, session = Watch(), Session()
    eyes.pulse(session)
    looking.away = True
    with pytest.raises(ConnectionError):
        eyes.pulse(session, 0)
    with pytest.raises(ConnectionError):
        eyes.pulse(session, 60)
    looking.away = False
    assert eyes.pulse(session, 60) is SEEN
