"""The kinds of fields that requests are made of, and what every error looks like."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from reminders.care.texts_in import one_line, text_problem

_ANY_LENGTH = 1 << 20


class Strict(BaseModel):
    """A request's part: what it does not know, it refuses, so that no misspelt field is silently lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shown(BaseModel):
    """An answer's part."""

    model_config = ConfigDict(from_attributes=True)


def _clean(text: str) -> str:
    if text_problem(one_line(text), _ANY_LENGTH):
        raise PydanticCustomError("control_characters", "holds control characters")
    return unicodedata.normalize("NFC", text)


_CLEAN = AfterValidator(_clean)

# One line of text each, without control characters.
Word = Annotated[str, Field(max_length=64), _CLEAN]
Name = Annotated[str, Field(max_length=80), _CLEAN]
Line = Annotated[str, Field(max_length=200), _CLEAN]
FileNumber = Annotated[str, Field(max_length=100, description="Your own id of it, unique in the clinic."), _CLEAN]


class FieldProblem(Shown):
    """One thing wrong with one field: `key` for programs, `message` for people."""

    field: str
    key: str
    message: str


class Problem(Shown):
    """An error, by RFC 9457. `errors` says which fields are wrong; `existing` where the same thing is already."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[FieldProblem] = []
    existing: str | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Something is wrong with what was sent",
                "status": 422,
                "detail": "The members of `errors` say what, field by field.",
                "errors": [
                    {"field": "phone", "key": "phone_impossible", "message": "Nobody can have this phone number."}
                ],
            }
        }
    )
