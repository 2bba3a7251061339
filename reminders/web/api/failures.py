"""Every error of the API as problem+json, in the language that the caller prefers."""

from collections.abc import Iterable

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from reminders.errors import InvalidInputError, NotFoundError, Problem
from reminders.models.kinds import Language
from reminders.web.api.errors import ConflictError
from reminders.web.api.field_errors import in_path, problems_of
from reminders.web.i18n import catalogue, preferred
from reminders.web.problems import problem

HANDLED = (HTTPException, RequestValidationError, InvalidInputError, NotFoundError, ConflictError)
"""What a request may run into without anybody having made a mistake in this software."""


def language_of(request: Request) -> Language:
    """The language of ours that Accept-Language likes best; English, if it says nothing."""
    return preferred(request.headers.get("accept-language", ""), Language.EN)


def answer_to(error: Exception, language: Language) -> Response:
    """The answer to one of `HANDLED`."""
    if isinstance(error, ConflictError):
        link = {"existing": error.existing} if error.existing else {}
        field = next(iter(error.problems))
        choices = [{field: one.value, "ends": list(one.ends)} for one in error.choices]
        more = link | ({"choices": choices} if choices else {})
        return problem(409, language, errors=_listed(error.problems.items(), language), **more)
    if isinstance(error, InvalidInputError):
        return problem(422, language, errors=_listed(error.problems.items(), language))
    if isinstance(error, RequestValidationError) and not in_path(error):
        return problem(422, language, errors=_listed(problems_of(error), language))
    if isinstance(error, HTTPException):
        return _of_http(error, language)
    return problem(404, language)


def _of_http(error: HTTPException, language: Language) -> Response:
    answer = problem(error.status_code, language)
    answer.headers.update(error.headers or {})
    return answer


def _listed(problems: Iterable[tuple[str, Problem]], language: Language) -> list[dict[str, str]]:
    words = catalogue(language)
    return [{"field": field, "key": found.key, "message": words.problem(found)} for field, found in problems]
