"""The description: valid, of these routes only, and true of the answers."""

from typing import Any

import pytest
from openapi_core import OpenAPI
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from reminders.web.api import openapi
from reminders.web.api.patient_models import NewPatient, PatientChange
from reminders.web.api.treatment_models import NewTreatment, TreatmentChange
from tests.web.api.conftest import System


def test_it_is_valid_and_needs_no_key(system: System) -> None:
    """Parsed by two libraries."""
    answer = system.client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    validate(answer.json())
    OpenAPI.from_dict(answer.json())


def test_it_describes_the_api_alone() -> None:
    """No page, no webhook; every operation names its errors and wants a key."""
    described = openapi()
    assert all(path.startswith("/api/v1/") for path in described["paths"])
    for methods in described["paths"].values():
        for operation in methods.values():
            assert operation["security"] == [{"HTTPBearer": []}]
            for status in ("400", "401", "404", "409", "413", "415", "422"):
                content = operation["responses"][status]["content"]
                assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.mark.parametrize("model", [NewPatient, PatientChange, NewTreatment, TreatmentChange])
def test_the_examples_are_requests(model: Any) -> None:
    """Each passes its own model."""
    model.model_validate(openapi()["components"]["schemas"][model.__name__]["example"])


def _check(schema: str, content: Any) -> None:
    document = openapi()
    root = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    OAS31Validator(root).validate(content)


def test_answers_are_as_described(system: System) -> None:
    """Real ones, against the document."""
    patient = system.patient()
    treatment = system.treatment(patient["id"])
    _check("PatientShown", patient)
    _check("TreatmentShown", treatment)
    for path, schema in (
        ("/patients", "PatientPage"),
        ("/treatments", "TreatmentPage"),
        ("/reminders", "ReminderPage"),
        ("/replies", "ReplyPage"),
        ("/tickets", "TicketPage"),
        ("/reports/replies?from=2026-03-01&to=2026-03-31", "ReplyReportShown"),
    ):
        _check(schema, system.get(path).json())
    for answer in (
        system.post("/patients", {}),
        system.get("/patients/7"),
        system.post("/patients", {"given_name": 1}),
    ):
        _check("Problem", answer.json())
    with pytest.raises(Exception, match="is a required property"):
        _check("Problem", {})
