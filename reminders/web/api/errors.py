"""What the API refuses on its own account, beside what care refuses."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from reminders.errors import DuplicateError, InvalidInputError, Problem, RemindersError

BASE = "/api/v1"


class ConflictError(RemindersError):
    """The same thing is there already, or has moved on; `existing` is its path ("" where there is none to name)."""

    def __init__(self, field: str, problem: Problem, existing: str) -> None:
        super().__init__(problem.key)
        self.problems: Mapping[str, Problem] = {field: problem}
        self.existing = existing


def path_to(kind: str, subject_id: UUID | str) -> str:
    """Where one thing of the API lies: path_to("patients", id)."""
    return f"{BASE}/{kind}/{subject_id}"


@contextmanager
def duplicates_as(kind: str, field: str, key: str) -> Iterator[None]:
    """Care's refusal of a duplicate as a conflict that links to the one which is there."""
    try:
        yield
    except DuplicateError as error:
        raise ConflictError(field, Problem(key), path_to(kind, error.existing_id)) from None


@contextmanager
def fields_as(name_of: Callable[[str], str]) -> Iterator[None]:
    """Care's field names as the request has them: under "patient.", or by another name."""
    try:
        yield
    except InvalidInputError as error:
        raise InvalidInputError({name_of(field): problem for field, problem in error.problems.items()}) from None
