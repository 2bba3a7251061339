"""What the linter found, in the words of the interface."""

import unicodedata

from reminders.web.i18n import Catalogue
from reminders.wording.findings import Code, Finding

_OF_PLACEHOLDERS = frozenset({Code.PLACEHOLDER_UNKNOWN, Code.PLACEHOLDER_ELSEWHERE})
_OF_CHARACTERS = frozenset({Code.NOT_GSM7, Code.VALUE_NOT_GSM7})


def finding_text(texts: Catalogue, finding: Finding) -> str:
    """One finding as a sentence or two; characters by name where nobody could see them."""
    said = texts.text(f"finding.{finding.code.value}", found=_found(finding))
    nearest = ", ".join(f"{_shown(one)} → {_shown(like)}" for one, like in finding.nearest)
    return f"{said}. {texts.text('finding.nearest', nearest=nearest)}" if nearest else said


def _found(finding: Finding) -> str:
    if finding.code in _OF_PLACEHOLDERS:
        return f"{{{finding.found}}}"
    return "  ".join(map(_shown, finding.found)) if finding.code in _OF_CHARACTERS else finding.found


def _shown(character: str) -> str:
    """The character, or its name in Unicode for a space or a mark that nobody sees."""
    if not character:
        return "∅"
    seen = all(one.isprintable() and not one.isspace() for one in character)
    return character if seen else ", ".join(unicodedata.name(one, f"U+{ord(one):04X}") for one in character)
