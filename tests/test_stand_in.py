"""The benchmarks' stand-in for Twilio: what it says it took is what was sent, or no figure means anything."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from benchmarks.carrier import REFUSALS
from benchmarks.practice import phone
from benchmarks.processes import StandIn, stand_in
from reminders.settings import SANDBOX_ACCOUNT, SANDBOX_NUMBER

BODY = 'Ça va ? 100 % « bien » & +1 \\ "oui"\n'


@pytest.fixture(scope="module")
def running() -> Iterator[StandIn]:
    with stand_in(latency_ms=30) as carrier:
        yield carrier


@pytest.fixture
def carrier(running: StandIn) -> StandIn:
    running.reset()
    return running


def _client(carrier: StandIn) -> Client:
    client = Client(SANDBOX_ACCOUNT, "token", environment={"TWILIO_EDGE": ""})
    client.api.base_url = carrier.url
    return client


def test_the_sdk_reads_its_answers_and_doubles_are_counted(carrier: StandIn) -> None:
    """Seen to fail when the text was not unquoted, and when texts were counted by number alone."""
    client = _client(carrier)
    sent = [client.messages.create(to=phone(n), from_=SANDBOX_NUMBER, body=BODY) for n in (1, 2, 2)]
    client.messages.create(to=phone(2), from_=SANDBOX_NUMBER, body="another text")
    assert [(one.to, one.from_, one.body) for one in sent] == [(phone(n), SANDBOX_NUMBER, BODY) for n in (1, 2, 2)]
    assert len({one.sid for one in sent}) == len(sent)
    stats = carrier.stats()
    assert (stats["requests"], stats["accepted"], stats["duplicates"]) == (4, 4, 1)
    assert carrier.arrival(phone(1)) is not None
    assert carrier.arrival(phone(3)) is None


@pytest.mark.parametrize("ending", REFUSALS)
def test_numbers_are_refused_by_their_end(carrier: StandIn, ending: int) -> None:
    status, code = REFUSALS[ending]
    with pytest.raises(TwilioRestException) as refused:
        _client(carrier).messages.create(to=f"+15550000{ending}", from_=SANDBOX_NUMBER, body=BODY)
    assert (refused.value.status, refused.value.code) == (int(status[:3]), code)
    assert (carrier.stats()["accepted"], carrier.stats()["refused"]) == (0, 1)


def test_calls_under_way_at_once_are_all_answered(carrier: StandIn) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = [threads.submit(_client(carrier).messages.create, to=phone(n), from_="+1", body=BODY) for n in range(40)]
        assert len({one.result().sid for one in made}) == 40
    assert 1 < carrier.stats()["peak"] <= 8
