"""What hangs on an e-mail: files that somebody added, told from a signature's logos. Pure; never raises."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field

from PIL import Image

from reminders.channels.mail_parts import MailPart, is_attached

MOST_PICTURES = 5
"""So many pictures of one mail are drawn; that there were more, staff read."""

_MOST_FILES = 20
"""So many things on one mail are told of: a mail may have thousands of parts."""

_SMALL_BYTES = 20 * 1024
_SMALL_SIDE = 200
"""A picture within the text (it has a Content-ID, or is to be shown inline) of fewer bytes, or whose shorter side has
fewer pixels, is a signature's logo: a phone's picture, made small by a mail program, has 320 pixels at least. What is
attached is never one."""

_HEADS = ("JPEG", "PNG", "GIF")
"""Of these Pillow tells the size from the first bytes, in Python, and decodes nothing."""

_UNTOLD = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class MailFile:
    """One file: what its sender called it, and its bytes where they may be a picture; else `reason` says why not."""

    content_type: str
    data: bytes = field(default=b"", repr=False)
    reason: str = ""


def files_of(leaves: Iterable[MailPart]) -> tuple[MailFile, ...]:
    """The files among a mail's parts, in their order."""
    files: list[MailFile] = []
    for part in leaves:
        if len(files) == _MOST_FILES:
            break
        if not is_attached(part):
            continue
        pictures = sum(not file.reason for file in files)
        one = _file(part, is_one_too_many=pictures >= MOST_PICTURES)
        if one is not None:
            files.append(one)
    return tuple(files)


def _file(part: MailPart, *, is_one_too_many: bool) -> MailFile | None:
    """None for a logo."""
    kind = part.get_content_type()[:100]
    if not (kind.startswith("image/") or kind == _UNTOLD):
        return MailFile(kind, reason="kind")
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    if _is_within_text(part) and _is_small(data):
        return None
    return MailFile(kind, reason="too_many") if is_one_too_many else MailFile(kind, data)


def _is_within_text(part: MailPart) -> bool:
    disposition = part.get_content_disposition()
    return disposition != "attachment" and (disposition == "inline" or part.get("Content-ID") is not None)


def _is_small(data: bytes) -> bool:
    return len(data) < _SMALL_BYTES or _shorter_side(data) < _SMALL_SIDE


def _shorter_side(data: bytes) -> int:
    try:
        with Image.open(io.BytesIO(data), formats=_HEADS) as opened:
            return min(opened.size)
    except Exception:  # whatever it is, it is no logo; a closer look tells
        return _SMALL_SIDE
