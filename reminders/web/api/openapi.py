"""The API's own description of itself, for these routes only."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from reminders.web.api.fields import Problem
from reminders.web.problems import MEDIA_TYPE

_REF = "#/components/schemas/{model}"
_SAID = {
    400: "Unreadable: not JSON, or not UTF-8.",
    401: "No valid key.",
    404: "No such thing in this clinic.",
    409: "It is there already.",
    413: "Larger than 1 MB.",
    415: "Not JSON.",
    422: "Some fields cannot be.",
}

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}}
    for status, text in _SAID.items()
}
"""What every route may answer beside its own."""


def describe(router: APIRouter) -> dict[str, Any]:
    """The OpenAPI document of the routes of `router`."""
    described = get_openapi(
        title="Aftercare Reminders",
        version=version("aftercare-reminders"),
        description=(
            "Record treatments and follow what becomes of them. Send `Authorization: Bearer KEY`. Errors are "
            "problem+json (RFC 9457), in the language of Accept-Language (en, fr). A POST with an Idempotency-Key "
            "may be repeated without doing anything twice. Lists come in pages: pass `next` as `cursor`."
        ),
        routes=router.routes,
    )
    _, schemas = models_json_schema([(Problem, "serialization")], ref_template=_REF)
    described["components"]["schemas"] |= schemas["$defs"]
    return described
