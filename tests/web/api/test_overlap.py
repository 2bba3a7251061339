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


def test_both_reminders_name_the_message_that_they_share(system: System) -> None:
    patient = system.patient()
    system.treatment(patient["id"])
    system.treatment(patient["id"], confirm_duplicate=True)
    owed = system.get(f"/reminders?patient_id={patient['id']}&state=owed").json()["items"]
    first, second = (one for one in owed if one["step"] == "day-1")
    assert first["messages"][-1]["id"] in {one["id"] for one in second["messages"]}
    assert first["explanation"] == second["explanation"]
    assert first["explanation"].endswith("One message carries it and that of another treatment.")
    check_ins = [one for one in owed if one["is_check_in"]]
    assert not any("another treatment" in one["explanation"] for one in check_ins)
