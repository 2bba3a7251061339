"""A consult goes from offered to booked to attended or declined, whatever became of its ticket.

Seen to fail when: any state led to any other; the page forgot who it was; nobody could say who had moved it.
"""

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from reminders.care.staff import api_keys
from reminders.database import Database
from reminders.models import Audit, Consult
from reminders.models.kinds import ConsultState
from reminders.settings import Settings
from tests.promises.practice import MARIE, open_practice
from tests.promises.world import open_world


@pytest.mark.parametrize("origin", ["consults", "patient"])
def test_from_the_list_and_from_the_patients_page(database: Database, settings: Settings, origin: str) -> None:
    with open_practice(open_world(database, settings), settings) as practice:
        marie = practice.world.patient(phone=MARIE)
        practice.world.treat(marie)
        practice.sweep()
        practice.text("3")
        (consult,) = practice.rows(select(Consult))
        browser = practice.browser(practice.hire())
        page = "/consults" if origin == "consults" else f"/patients/{marie.id}"
        for state, then in (
            ("booked", "booked"),
            ("attended", "attended"),
            ("declined", "attended"),
            ("x", "attended"),
        ):
            assert "Marie Tremblay" in browser.get(page).text
            answered = browser.post(f"/consults/{consult.id}/move", {"state": state, "from": origin})
            assert answered.headers["location"].startswith(page)
            assert practice.rows(select(Consult.state)) == [ConsultState(then)]
        noted = practice.rows(select(Audit).where(Audit.subject_kind == "consult"))
        assert [(one.action, one.staff_id is not None) for one in noted] == [
            ("consult.booked", True),
            ("consult.attended", True),
        ]


def test_by_a_practice_system(database: Database, settings: Settings) -> None:
    with open_practice(open_world(database, settings), settings) as practice:
        practice.world.treat(practice.world.patient(phone=MARIE))
        practice.sweep()
        practice.text("3")
        with practice.database.begin() as session:
            key = api_keys.new_api_key(session, practice.clinic.id, "system", practice.world.now)
        client = TestClient(practice.app, headers={"Authorization": f"Bearer {key}"})
        (found,) = client.get("/api/v1/consults", params={"state": "offered"}).json()["items"]
        path = f"/api/v1/consults/{found['id']}/move"
        assert client.post(path, json={"state": "declined"}).json()["state"] == "declined"
        assert client.post(path, json={"state": "attended"}).status_code == 409
        undo = path.replace("/move", "/undo")
        assert client.post(undo).json()["state"] == "offered"
        assert client.post(undo).status_code == 409
        assert client.post(path, json={"state": "declined"}).json()["state"] == "declined"
        assert client.post(path, json={"state": "lost"}).status_code == 422
        assert client.get("/api/v1/consults", params={"state": "offered"}).json()["items"] == []
