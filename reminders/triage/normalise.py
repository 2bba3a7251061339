"""Text as typed -> folded text -> tokens: case, accents, quotes, emoji, keycaps and spacing made alike."""

import re
import unicodedata
from dataclasses import dataclass

from reminders.triage.vocabulary import EMOJI, EXPANSIONS, JOINED

MAX_CHARACTERS = 10_000  # longer than any text and nearly any e-mail; bounds the time that a reply can take

_QUOTES = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ´`′‛＇", "'"),
        **dict.fromkeys("“”„«»‟", '"'),
        **dict.fromkeys("–—―−‐‑‒", "-"),
        **dict.fromkeys("\u200b\u200c\u200d\ufeff\u00ad\u2060", ""),
        "œ": "oe",
        "æ": "ae",
        "Œ": "oe",
        "Æ": "ae",
        "ß": "ss",
        "…": " ... ",
        "\t": " ",
        "\v": " ",
        "\f": " ",
        "\r": "\n",
        "\u2028": "\n",
        "\u2029": "\n",
    }
)
_EMOJI = re.compile("|".join(map(re.escape, EMOJI)))
_JOINED = re.compile(
    r"\b(?:" + "|".join(short.replace(" ", r"[ '\-]+") for short in sorted(JOINED, reverse=True)) + r")\b"
)
_SPACED = re.compile(r"\b(?:[a-z][ \t.\-_*]+){3,}[a-z]\b")
_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}[a-z]?(?![a-z])")
_HYPHENED = re.compile(r"(?<=[a-z])-(?:t-)?(?=(?:tu|je|il|elle|on|vous|nous|ils|elles|moi)\b)")
_REPEATED = re.compile(r"([a-z])\1{2,}")
_UNITS = r"(?:st|nd|rd|th|er|ere|e|eme|pm|am|h\d*|hrs?|mins?|c|f|x|k|ml|mg|mm|cm)\b"
_TOKEN = re.compile(rf"\d+(?:[.,/:\-]\d+)*(?:{_UNITS}|[%°])?|[a-z]+(?:'[a-z]+)*|[.!?,;:()\-\n\"/#&+*°]")
ELISIONS = {"j": "je", "l": "le", "d": "de", "m": "me", "t": "te", "s": "se", "n": "ne", "c": "ce", "y": "y"}
ELISIONS |= {"qu": "que", "jusqu": "jusque", "lorsqu": "lorsque", "puisqu": "puisque", "presqu": "presque"}
_CLITICS = {"m": "am", "re": "are", "ve": "have", "d": "would", "ll": "will", "s": "s", "t": "not"}
_IS_AFTER = frozenset(
    ["it", "that", "there", "what", "he", "she", "where", "who", "how", "here", "this", "everything", "all"]
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word or mark: `text` is what rules compare, `raw` what the patient wrote (folded)."""

    text: str
    raw: str


def fold(text: str) -> str:
    """Lower case without accents, curly quotes, emoji or invisible marks; line ends kept."""
    plain = text[:MAX_CHARACTERS].translate(_QUOTES)
    spelt = _EMOJI.sub(lambda found: f" {EMOJI[found.group()]} ", plain) if not plain.isascii() else plain
    marks = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", spelt).casefold()).translate(_QUOTES)
    bare = marks if marks.isascii() else "".join(c if c < "\u0080" or c == "°" else _replacement(c) for c in marks)
    joined = _HYPHENED.sub(" ", _DOTTED.sub(_letters, _SPACED.sub(_letters, bare)))
    return _JOINED.sub(_join, _REPEATED.sub(r"\1", joined))


def tokens(folded: str) -> list[Token]:
    """The words and marks of a folded text, contractions and abbreviations written out."""
    return [token for found in _TOKEN.finditer(folded) for token in _expand(found.group())]


def _join(found: re.Match[str]) -> str:
    return JOINED[re.sub(r"[ '\-]+", " ", found.group())]


def _letters(found: re.Match[str]) -> str:
    """ "S T O P" and "s.v.p." are one word."""
    return "".join(character for character in found.group() if character.isalpha())


def _replacement(character: str) -> str:
    return "" if unicodedata.category(character).startswith("M") else " "


def _expand(raw: str) -> list[Token]:
    written = EXPANSIONS.get(raw) or _apostrophes(raw)
    return [Token(word, raw if index == 0 else "") for index, word in enumerate(written)]


def _apostrophes(raw: str) -> list[str]:
    if "'" not in raw:
        return [raw]
    head, _, tail = raw.partition("'")
    if head in ELISIONS and tail:
        return [ELISIONS[head], *(EXPANSIONS.get(tail) or _apostrophes(tail))]
    if tail in _CLITICS:
        return _english(head, tail)
    return [head, *_apostrophes(tail)]


def _english(head: str, tail: str) -> list[str]:
    if tail == "t" and head.endswith("n"):
        return [head[:-1], "not"]
    if tail == "s" and head in _IS_AFTER:
        return [head, "is"]
    return [*EXPANSIONS.get(head, [head]), _CLITICS[tail]]
