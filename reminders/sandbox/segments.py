"""How many segments a text takes, as Twilio bills it (3GPP TS 23.038)."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")


def count(body: str) -> int:
    """Segments of `body`, at least 1. Pairs of UCS-2 units that may not be split are not looked at."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in body):
        units, single, joined = len(body) + sum(letter in _EXTENDED for letter in body), 160, 153
    else:
        units, single, joined = len(body.encode("utf-16-le", "surrogatepass")) // 2, 70, 67
    return 1 if units <= single else -(-units // joined)
