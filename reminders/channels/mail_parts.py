"""The parts of an e-mail and its words, out of whatever MIME it came in. Never raises."""

import codecs
from collections.abc import Iterator, Sequence
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr
from typing import Any, TypeAlias

from reminders.channels.mail_html import html_text

MailPart: TypeAlias = "Message[Any, Any]"
"""A mail, or a part of one, as the standard library parses it."""

_LATIN = frozenset(
    {"", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "latin-1", "latin1", "windows-1252", "cp1252"}
)
"""What mail programs declare without looking; where the bytes are UTF-8, they are."""

_CHARSETS = frozenset(
    {
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "koi8-r", "koi8-u", "mac-roman", "cp437", "cp850", "tis-620"),
        *(f"iso8859-{part}" for part in range(1, 17)),
        *(f"cp125{part}" for part in range(9)),
        *(
            "gb2312",
            "gbk",
            "gb18030",
            "big5",
            "big5hkscs",
            "shift_jis",
            "cp932",
            "euc_jp",
            "iso2022_jp",
            "euc_kr",
            "cp949",
        ),
    }
)
"""Charsets that mail is written in, by Python's names. A sender chooses the name, and some of Python's codecs are no
charsets: they take hours over a long text (punycode), or make characters that nothing can store (utf-7)."""

_FURNITURE = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature", "text/calendar"}
)
"""Attachments that no person added."""


def words_of(leaves: Sequence[MailPart]) -> str:
    """What a mail says: its plain text, else its HTML as text; all parts, where somebody wrote between pictures."""
    plain = [_text(part) for part in leaves if _is_words(part, "text/plain")]
    text = "\n\n".join(filter(None, plain))
    if not text:
        pages = [html_text(_text(part)) for part in leaves if _is_words(part, "text/html")]
        text = "\n\n".join(filter(None, pages))
    return text


def header(mail: MailPart, name: str) -> str:
    """A header's words on one line, "" without it."""
    return shown(str(mail.get(name, "")))


def has_empty_path(mail: MailPart) -> bool:
    """Whether nobody wants to hear what became of it: a machine's (RFC 5321, 4.5.5)."""
    return mail.get("Return-Path") is not None and not parseaddr(header(mail, "Return-Path"))[1]


def shown(value: str) -> str:
    """A header's value with its encoded words decoded; as it is, where they are broken."""
    try:
        found = decode_header(value)
    except (HeaderParseError, ValueError):
        found = [(value, None)]
    pieces = [piece if isinstance(piece, str) else decoded(piece, charset) for piece, charset in found]
    return " ".join(storable("".join(pieces)).split())


def decoded(raw: bytes, charset: str | None) -> str:
    """Bytes as text: UTF-8 where they are, whatever was declared of the Latin sort; no byte is lost without a mark."""
    name = (charset or "").strip().lower()
    for candidate in (*(() if name in _LATIN or not _is_charset(name) else (name,)), "utf-8", "cp1252"):
        try:
            return raw.decode(candidate)
        except ValueError:
            continue
    return raw.decode("latin-1")


def storable(text: str) -> str:
    """`text` without what is half a character: no database and no seal takes it."""
    return text.encode("utf-8", "replace").decode()


def _is_charset(name: str) -> bool:
    try:
        return codecs.lookup(name).name in _CHARSETS
    except (LookupError, ValueError):
        return False


def leaves_of(mail: MailPart) -> Iterator[MailPart]:
    """The parts that hold something; a mail that hangs on another is one of them, and not opened."""
    payload = mail.get_payload()
    if isinstance(payload, list) and mail.get_content_maintype() == "multipart":
        for part in payload:
            if isinstance(part, Message):
                yield from leaves_of(part)
    else:
        yield mail


def _is_words(part: MailPart, kind: str) -> bool:
    return part.get_content_type() == kind and not is_attached(part)


def is_attached(part: MailPart) -> bool:
    """Whether a part is a file that hangs on the mail, not its words."""
    kind = part.get_content_type()
    if kind in _FURNITURE:
        return False
    disposition = part.get_content_disposition()
    return disposition == "attachment" or (kind not in {"text/plain", "text/html"} and not _is_empty(part))


def _is_empty(part: MailPart) -> bool:
    return not part.get_payload()


def _text(part: MailPart) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    text = decoded(raw, str(part.get_content_charset() or ""))
    return storable(text.replace("\r\n", "\n").replace("\x00", "")).strip()
