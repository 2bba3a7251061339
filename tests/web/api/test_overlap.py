"""Two treatments of one patient by the same protocol: a system is asked, and can say later."""

from tests.web.api.conftest import System


def test_a_system_is_told_both_choices(system: System) -> None:
    patient = system.patient()
    first = system.treatment(patient["id"], treated_at="2026-03-08T10:00:00-04:00")
    link = f"/api/v1/treatments/{first['id']}"
    body = {"patient_id": patient["id"], "treated_at": "2026-03-10T10:00:00-04:00", "protocol": "microneedling"}
    assert system.post("/treatments/preview", body).json()["would_replace"] == [link]
    refused = system.post("/treatments", body)
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    told = refused.json()
    assert (told["existing"], told["errors"][0]["key"]) == (link, "earlier_treatment")
    assert told["choices"] == [{"supersedes": True, "ends": [link]}, {"supersedes": False, "ends": []}]
    done = system.post("/treatments", body | {"supersedes": True})
    assert done.status_code == 201
    replaced = system.get(f"/treatments/{first['id']}").json()
    assert (replaced["state"], replaced["superseded_by_id"]) == ("superseded", done.json()["id"])
    back = system.patch(f"/treatments/{first['id']}", {"state": "active"})
    assert (back.json()["state"], back.json()["superseded_by_id"]) == ("active", None)
    assert system.patch(f"/treatments/{first['id']}", {"state": "active"}).status_code == 422
    assert system.patch(f"/treatments/{first['id']}", {"state": "superseded"}).json()["state"] == "superseded"


def test_a_system_lets_both_go_on(system: System) -> None:
    patient = system.patient()
    first = system.treatment(patient["id"], treated_at="2026-03-08T10:00:00-04:00")
    system.treatment(patient["id"], supersedes=False)
    assert system.get(f"/treatments/{first['id']}").json()["state"] == "active"
