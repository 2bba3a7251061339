"""What was posted on a check-in's page: read, and said what is wrong with it."""

import secrets
from dataclasses import dataclass, field, replace

from reminders.care.page_answers import FLAGS, MOST_SEVERE, PageAnswers, from_data
from reminders.errors import Problem
from reminders.models.kinds import Language
from reminders.web.forms import Form
from reminders.web.i18n import catalogue

LONGEST = 2000
_NONCE = 32
_ASKED = ("severity", "breakouts", "course")


@dataclass(frozen=True)
class Sheet:
    """One sheet of answers as it stands on the page; `nonce` tells one pressing of the button from the next."""

    answers: PageAnswers = field(default_factory=PageAnswers)
    words: str = ""
    nonce: str = field(default_factory=lambda: secrets.token_hex(_NONCE // 2))
    pictures: int = 0
    """How many files came with it, whatever they are."""

    def problems(self, *, severity_alone: bool) -> dict[str, Problem]:
        """What is wrong, by field. Whoever ticks a red flag, writes or sends a picture need tick
        nothing else."""
        if len(self.words) > LONGEST:
            return {"words": Problem("too_long", limit=str(LONGEST))}
        if self.answers.flags or self.words or self.pictures:
            return {}
        asked = _ASKED[:1] if severity_alone else _ASKED
        return {name: Problem(f"{name}_missing") for name in asked if getattr(self.answers, name) is None}

    def body(self, language: Language) -> str:
        """What staff read of it: the red flags as the patient's language names them, and the words."""
        flags = [catalogue(language).text(f"check_in_page.flag_{flag}") for flag in self.answers.flags]
        return "\n".join(filter(None, (*flags, self.words)))


def posted(form: Form, pictures: int = 0) -> Sheet:
    """The sheet in a posted form; a value that the page does not offer was not ticked."""
    severity, words = form.get("severity"), form.get("words")
    given = {
        "severity": next((value for value in range(MOST_SEVERE + 1) if severity == str(value)), None),
        "breakouts": form.get("breakouts"),
        "course": form.get("course"),
        "flags": [flag for flag in FLAGS if flag in form.all("flags")],
        "in_words": bool(words),
    }
    nonce = form.get("nonce")[:_NONCE]
    sheet = Sheet(from_data(given), words, pictures=pictures)
    return replace(sheet, nonce=nonce) if nonce else sheet
