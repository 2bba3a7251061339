"""What pydantic finds wrong with a request, as problems of ours. Nothing of what was sent is repeated."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError

from reminders.errors import Problem

_KEYS: Mapping[str, str] = {
    "missing": "field_missing",
    "extra_forbidden": "field_unknown",
    "string_type": "not_text",
    "string_unicode": "control_characters",
    "string_too_long": "too_long",
    "string_too_short": "field_missing",
    "bool_type": "not_true_or_false",
    "enum": "choice_unknown",
    "literal_error": "choice_unknown",
    "uuid_type": "id_unreadable",
    "uuid_parsing": "id_unreadable",
    "date_from_datetime_parsing": "date_unreadable",
    "date_parsing": "date_unreadable",
    "date_type": "date_unreadable",
    "int_parsing": "not_a_number",
    "int_parsing_size": "not_a_number",
    "greater_than_equal": "number_outside",
    "less_than_equal": "number_outside",
    "list_type": "not_a_list",
    "too_long": "too_many",
    "model_attributes_type": "not_an_object",
    "model_type": "not_an_object",
    "control_characters": "control_characters",
}
"""pydantic's error types (and our validators'), and the web's problem keys for them."""

_LONGEST_NAME = 100
_PARAMS = {"max_length": "limit", "expected": "choices", "le": "limit", "ge": "limit"}


def in_path(error: RequestValidationError) -> bool:
    """Whether the path holds no id of ours, so that it leads nowhere."""
    return any(found["loc"][:1] == ("path",) for found in error.errors())


def problems_of(error: RequestValidationError) -> list[tuple[str, Problem]]:
    """Each wrong field, by the name that the request has for it, with what is wrong."""
    return [(_field(found["loc"]), _problem(found)) for found in error.errors()]


def _field(location: Sequence[Any]) -> str:
    """("body", "patient", "phone") as "patient.phone". A name that we do not know may hold anything."""
    name = ".".join(map(str, location[1:]))[:_LONGEST_NAME]
    return "".join(char if char.isprintable() else "?" for char in name)


def _problem(found: Mapping[str, Any]) -> Problem:
    context = found.get("ctx") or {}
    params = {ours: _plain(context[theirs]) for theirs, ours in _PARAMS.items() if theirs in context}
    return Problem(_KEYS.get(found["type"], "invalid"), **params)


def _plain(value: object) -> str:
    """pydantic's "'sms' or 'email'" as "sms, email", which is the same in every language."""
    return str(value).replace(" or ", ", ").replace("'", "")
