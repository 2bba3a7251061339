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
_NO = re.compile(_DATA["no"], re.IGNORECASE)
_OF_SKIN = re.compile(_DATA["of_skin"], re.IGNORECASE)
_OPTION = re.compile(r"([123])\s*[=:.)\-]")
_THIS_ONE = re.compile(_DATA["this_one"], re.IGNORECASE)
_ASKS = re.compile(_DATA["asks"], re.IGNORECASE)
_NUMBERED = re.compile(r"\s*(\d)[.)]\s+(\S.*)")
_LONGEST_LISTED = 5  # words
_FEWEST_NUMBERED = 2
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
    body = "\n".join(_without_numbering(kept)).strip()
    if _AUTO_REPLY.search(body[:_AUTO_REPLY_WITHIN]):
        return OwnWords(body, Source.AUTO_REPLY)
    return OwnWords(body, Source.PATIENT)


def _without_quotes(lines: list[str]) -> list[str]:
    stretches: list[list[str]] = [[]]
    asked, position = "", 0
    while position < len(lines):
        kept, line = stretches[-1], lines[position]
        if _is_quoted(line):
            asked = line.strip("> \t")
            _close(kept)
        elif _begins_history(lines, position):
            # Answers stand between or under its lines, for mail programs that mark those with ">".
            position = _next_quoted(lines, position)
            asked = ""
            stretches.append([])
            continue
        elif line.strip():
            kept.append(_answered(asked, line))
            asked = ""
        else:
            kept.append(line)
        position += 1
    return [line for stretch in stretches for line in stretch]


def _next_quoted(lines: list[str], position: int) -> int:
    return next((at for at in range(position, len(lines)) if _is_quoted(lines[at])), len(lines))


def _close(kept: list[str]) -> None:
    """An answer ends where the next question is quoted: "no" and then "better" is not "no better"."""
    if kept and kept[-1].strip() and not kept[-1].rstrip().endswith((".", "!", "?")):
        kept[-1] = f"{kept[-1].rstrip()}."


def _begins_history(lines: list[str], position: int) -> bool:
    """True where the rest is somebody else's mail: a forward header, or "On ... wrote:" over at most three lines."""
    here = lines[position].strip()
    joined = " ".join(line.strip() for line in lines[position : position + 3])
    runs_on = not here.endswith((".", "!", "?"))
    return bool(here) and bool(_HISTORY.match(here) or (runs_on and _HISTORY.match(joined)))


def _answered(asked: str, line: str) -> str:
    """The question that "yes" answers, told; the number of the option that "this one" chooses; or the line itself."""
    option = _OPTION.match(asked)
    if option and _THIS_ONE.match(line.strip()):
        return option.group(1)
    if _OF_SKIN.match(asked) and _NO.match(line.strip()):  # "any breakouts?" "none"
        return f"{asked} {line}"
    if not _asks_this(asked) or not _YES.match(line.strip()):
        return line
    return f"{_ASKS.sub('', asked.rstrip('? '))} {line}"


def _asks_this(asked: str) -> bool:
    """True for a quoted question and for a line of a list of symptoms ("> pus or discharge"); not for our advice."""
    return asked.endswith("?") or (0 < len(asked.split()) <= _LONGEST_LISTED and asked[-1] not in ".!")


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith((">", "|"))


def _without_numbering(lines: list[str]) -> list[str]:
    """ "1. My skin is clear / 2. When can I swim?": numbers that count the lines choose no option."""
    numbered = [found for line in lines if (found := _NUMBERED.match(line))]
    counted = [str(place) for place in range(1, len(numbered) + 1)]
    if len(numbered) < _FEWEST_NUMBERED or [found.group(1) for found in numbered] != counted:
        return lines
    return [_NUMBERED.sub(r"\2", line) for line in lines]


def _without_signature(lines: list[str]) -> list[str]:
    for position, line in enumerate(lines):
        if _SIGNATURE_MARK.match(line.strip()) and position:
            return _without_signature(lines[:position])
    return [line for line in lines if not _SIGNATURE.match(line.strip())]
