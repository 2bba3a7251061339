"""How many segments a text costs: 3GPP TS 23.038 (the GSM-7 alphabet) and TS 23.040 (concatenation)."""

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
