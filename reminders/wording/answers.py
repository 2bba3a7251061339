"""What an e-mail says of answers to it: that they are read, where somebody reads the mailbox, or that nobody does."""

from collections.abc import Mapping

from reminders.models.kinds import Language

ANSWERS = "answers"
"""The placeholder."""

_READ: Mapping[Language, str] = {
    Language.EN: "You can also answer this e-mail, we read every answer.",
    Language.FR: "Vous pouvez aussi répondre à ce courriel, nous lisons toutes les réponses.",
}
_UNREAD: Mapping[Language, str] = {
    Language.EN: "Nobody reads answers to this e-mail.",
    Language.FR: "Personne ne lit les réponses à ce courriel.",
}


def about_answers(language: Language, *, reads: bool) -> str:
    """The sentence, in the language of the e-mail."""
    return (_READ if reads else _UNREAD)[language]
