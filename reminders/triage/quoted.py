"""The patient's own words out of an e-mail or a reaction: quotes, forwards, signatures and auto-replies set aside."""

import re
from dataclasses import dataclass
from enum import StrEnum

from reminders.triage.vocabulary import load

_DATA = load("mail")
_REACTION = re.compile(_DATA["reaction"], re.IGNORECASE | re.DOTALL)
_AUTO_REPLY = re.compile(_DATA["auto_reply"], re.IGNORECASE)
_HISTORY = re.compile(_DATA["history"], re.IGNORECASE)
_SIGNATURE = re.compile(_DATA["signature"], re.IGNORECASE)
_SIGNATURE_MARK = re.compile(_DATA["signature_mark"])
_YES = re.compile(_DATA["yes"], re.IGNORECASE)
_AUTO_REPLY_WITHIN = 160  # an absence notice says so at once; further down it is somebody's own story


class Source(StrEnum):
    """Whose words a message holds."""

    PATIENT = "patient"
    REACTION = "reaction"
    AUTO_REPLY = "auto_reply"


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What the patient wrote, and whether a person wrote it at all."""

    text: str
    source: Source


def own_words(text: str) -> OwnWords:
    """The patient's words alone. A quoted question that the patient answers with yes is kept as theirs."""
    if _REACTION.match(text.strip()):
        return OwnWords("", Source.REACTION)
    kept = _without_quotes(text.replace("\r\n", "\n").split("\n"))
    kept = _without_signature(kept)
    body = "\n".join(kept).strip()
    if _AUTO_REPLY.search(body[:_AUTO_REPLY_WITHIN]):
        return OwnWords(body, Source.AUTO_REPLY)
    return OwnWords(body, Source.PATIENT)


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    asked = ""
    for position, line in enumerate(lines):
        if _is_quoted(line):
            asked = line.strip("> \t") if line.rstrip().endswith("?") else ""
        elif _begins_history(lines, position):
            return kept + _answers_below(lines[position:])
        elif line.strip():
            kept.append(_answered(asked, line))
            asked = ""
        else:
            kept.append(line)
    return kept


def _begins_history(lines: list[str], position: int) -> bool:
    """True where the rest is somebody else's mail: a forward header, or "On ... wrote:" over at most three lines."""
    here = lines[position].strip()
    joined = " ".join(line.strip() for line in lines[position : position + 3])
    return bool(here) and bool(_HISTORY.match(here) or _HISTORY.match(joined))


def _answers_below(lines: list[str]) -> list[str]:
    """Answers written between or under the quoted lines, for mail programs that mark those with ">"."""
    if not any(_is_quoted(line) for line in lines):
        return []
    first = next(position for position, line in enumerate(lines) if _is_quoted(line))
    return _without_quotes(lines[first:])


def _answered(asked: str, line: str) -> str:
    return f"{asked.rstrip('?')} {line}" if asked and _YES.match(line.strip()) else line


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith((">", "|"))


def _without_signature(lines: list[str]) -> list[str]:
    for position, line in enumerate(lines):
        if _SIGNATURE_MARK.match(line.strip()) and position:
            return _without_signature(lines[:position])
    return [line for line in lines if not _SIGNATURE.match(line.strip())]
