"""What an e-mail says of answers to it: that they are read, where somebody reads the mailbox, or that nobody does."""

from collections.abc import Mapping

from reminders.models.kinds import Language

ANSWERS = "answers"
"""The placeholder."""

TAKING = "taking"
"""That of an alert, which says so only where an answer is read."""

_TAKING: Mapping[Language, str] = {
    Language.EN: "Answer this e-mail with OK to take it.",
    Language.FR: "Répondez OK à ce courriel pour la prendre.",
}

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


def about_taking(language: Language, *, reads: bool) -> str:
    """How an alert is taken by answering it, "" where nobody would read that."""
    return _TAKING[language] if reads else ""
