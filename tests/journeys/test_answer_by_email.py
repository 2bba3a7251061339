"""A patient of the e-mail kind answers the check-in on the page that its link leads to."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from reminders.database import Database
from reminders.models import CheckIn, Reply
from reminders.models.kinds import CheckInOutcome, ReplyKind, TicketKind
from reminders.settings import Settings
from tests.promises.practice import Practice, open_practice
from tests.promises.world import address, open_world

ANNE = address(1)
_NONCE = re.compile(r'name="nonce" value="(\w+)"')


@pytest.fixture
def practice(database: Database, settings: Settings) -> Iterator[Practice]:
    with open_practice(open_world(database, settings), settings) as opened:
        opened.world.treat(opened.world.patient(email=ANNE, language="fr"))
        opened.sweep()
        yield opened


@pytest.fixture
def client(practice: Practice) -> TestClient:
    return TestClient(practice.app)


def link(practice: Practice) -> str:
    found = re.search(r"http\S+(/c/\S+)", practice.got(ANNE)[0])
    assert found, practice.got(ANNE)
    return found.group(1)


def nonce(client: TestClient, path: str) -> str:
    opened = client.get(path)
    assert opened.status_code == 200
    found = _NONCE.search(opened.text)
    assert found
    return found.group(1)


def test_persisting_brings_the_consult_and_a_ticket_once(practice: Practice, client: TestClient) -> None:
    path = link(practice)
    fields = {"answer": "3", "words": "Surtout le menton.", "nonce": nonce(client, path)}
    first, again = client.post(path, data=fields), client.post(path, data=fields)
    assert first.status_code == again.status_code == 200
    assert "nous vous offrons une consultation" in first.text
    practice.sweep()
    assert practice.tickets() == [TicketKind.CONSULT]
    assert [check_in.outcome for check_in in practice.rows(select(CheckIn))] == [CheckInOutcome.PERSISTING]
    assert [reply.kind for reply in practice.rows(select(Reply))] == [ReplyKind.PAGE]
    assert len(practice.got(ANNE)) == 2


def test_a_red_flag_in_the_words_outranks_the_box(practice: Practice, client: TestClient) -> None:
    nurse = practice.nurse()
    path = link(practice)
    answered = client.post(path, data={"answer": "1", "words": "j'ai 39 de fièvre", "nonce": nonce(client, path)})
    assert "composez le 911" in answered.text
    practice.sweep()
    assert TicketKind.RED_FLAG in practice.tickets()
    assert len(practice.got(ANNE)) == 2
    assert practice.got(nurse.phone)


def test_opening_the_page_changes_nothing(practice: Practice, client: TestClient) -> None:
    assert client.get(link(practice)).status_code == 200
    assert practice.rows(select(Reply)) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [({}, "Choisissez une réponse"), ({"answer": "7"}, "Choisissez une réponse"), ({"words": "a" * 2001}, "2000")],
)
def test_what_cannot_be_is_said_and_kept(
    practice: Practice, client: TestClient, fields: dict[str, str], said: str
) -> None:
    answered = client.post(link(practice), data=fields)
    assert answered.status_code == 422
    assert said in answered.text
    assert fields.get("words", "") in answered.text
    assert practice.rows(select(Reply)) == []


def test_a_forged_or_expired_link_leads_nowhere(practice: Practice, client: TestClient) -> None:
    path = link(practice)
    assert client.get(path[:-2] + ("aa" if path[-2:] != "aa" else "bb")).status_code == 404
    practice.world.pass_time(timedelta(days=11))
    assert client.get(path).status_code == 404
    assert client.post(path, data={"answer": "1"}).status_code == 404
