"""What the API refuses on its own account, beside what care refuses."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from reminders.errors import DuplicateError, InvalidInputError, Problem, RemindersError

BASE = "/api/v1"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a request may say, and the paths of what that would end."""

    value: bool
    ends: tuple[str, ...]


class ConflictError(RemindersError):
    """The same thing is there already, or has moved on; `existing` is its path ("" where there is none to name).

    `choices` are what may be said in the field instead, each with what it would end.
    """

    def __init__(self, field: str, problem: Problem, existing: str, choices: Sequence[Choice] = ()) -> None:
        super().__init__(problem.key)
        self.problems: Mapping[str, Problem] = {field: problem}
        self.existing = existing
        self.choices = choices


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
