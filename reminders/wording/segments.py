"""How many segments a text costs: 3GPP TS 23.038 (the GSM-7 alphabet) and TS 23.040 (concatenation)."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_ALPHABET = _BASIC | _EXTENSION

_LIMITS: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
"""Units that fit a lone segment, and each of several: joining them costs 6 octets of header."""

_BEYOND_UCS2 = 0xFFFF

_LIKE: Mapping[str, str] = {
    **dict.fromkeys("‘’‚‛′ʼ`´", "'"),
    **dict.fromkeys("“”„«»″", '"'),
    **dict.fromkeys("‐‑‒–—−", "-"),
    **dict.fromkeys("•·▪", "-"),
    **dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " "),
    **dict.fromkeys("\u00ad\u200b\ufeff", ""),
    "…": "...",
    "œ": "oe",
    "Œ": "OE",
    "×": "x",
}
"""What stands in for a character that is no letter with an accent."""


@dataclass(frozen=True, slots=True)
class Segments:
    """A text's cost: `units` are septets in GSM-7 and 16-bit units in UCS-2; `count` is what the carrier bills."""

    encoding: Encoding
    units: int
    count: int


def count(body: str) -> Segments:
    """The segments that `body` takes. An escaped character or a surrogate pair never straddles two of them."""
    encoding: Encoding = "GSM-7" if _ALPHABET.issuperset(body) else "UCS-2"
    sizes = [_size(character, encoding) for character in body]
    single, each = _LIMITS[encoding]
    return Segments(encoding, sum(sizes), 1 if sum(sizes) <= single else _pack(sizes, each))


def outside_gsm7(body: str) -> frozenset[str]:
    """The characters that force `body` into UCS-2."""
    return frozenset(body) - _ALPHABET


def nearest_gsm7(character: str) -> str | None:
    """What comes nearest to a character outside GSM-7 within it ("c" for "ç"); None where nothing does, as for emoji.

    "" is for a character that nobody sees.
    """
    if character in _LIKE:
        return _LIKE[character]
    letters = [part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)]
    return "".join(letters) if letters and _ALPHABET.issuperset(letters) else None


def _size(character: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return 2 if character in _EXTENSION else 1
    return 2 if ord(character) > _BEYOND_UCS2 else 1


def _pack(sizes: list[int], each: int) -> int:
    segments, room = 1, each
    for size in sizes:
        if size > room:
            segments, room = segments + 1, each
        room -= size
    return segments
