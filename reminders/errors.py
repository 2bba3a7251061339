"""The error types that cross a boundary, each with a message fit to show staff."""


class RemindersError(Exception):
    """Base of every error that this software raises on purpose."""


class SettingsError(RemindersError):
    """The configuration is wrong; `problems` holds one clear line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CryptoError(RemindersError):
    """A sealed value cannot be opened with the keys at hand, or a signed token is not ours."""


class InvalidInputError(RemindersError):
    """Input that a person can mend.

    `problems` maps a field's name to a message key (see the web catalogue) with its parameters; the key alone is
    also readable English in snake case, so an API client can branch on it.
    """

    def __init__(self, problems: dict[str, "Problem"]) -> None:
        super().__init__(", ".join(f"{field}: {problem.key}" for field, problem in problems.items()))
        self.problems = problems


class Problem:
    """One thing wrong with one field: a message key and what to fill into it."""

    def __init__(self, key: str, **params: str) -> None:
        self.key = key
        self.params = params

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problem) and (self.key, self.params) == (other.key, other.params)

    def __hash__(self) -> int:
        return hash((self.key, tuple(sorted(self.params.items()))))

    def __repr__(self) -> str:
        return f"Problem({self.key!r}, **{self.params!r})"


class NotFoundError(RemindersError):
    """No such thing in this clinic (also what another clinic's things look like from here)."""


class EarlierTreatmentError(RemindersError):
    """An earlier treatment of the same protocol still owes messages, and nobody has said whether the new one replaces
    it; `existing_ids` says which, the latest first."""

    def __init__(self, existing_ids: list[str]) -> None:
        super().__init__("an earlier treatment of this protocol still owes messages")
        self.existing_ids = existing_ids


class DuplicateError(RemindersError):
    """The same thing is already recorded; `existing_id` says which."""

    def __init__(self, message: str, existing_id: str) -> None:
        super().__init__(message)
        self.existing_id = existing_id
