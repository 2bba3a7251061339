"""Pictures made up for tests, kind and hostile, and what gives a phone's owner away in them."""

import base64
import io
import struct
import zlib

from PIL import Image

MARK = b"zzmedia-iPhone-of-Marie"
"""In a picture's metadata: whoever finds it has found what must not be kept."""

_GPS, _MAKE, _ORIENTATION = 0x8825, 0x010F, 0x0112


def photo(size: tuple[int, int] = (640, 480), orientation: int = 1, kind: str = "JPEG") -> bytes:
    """A phone's picture, red on its left half, with its owner's whereabouts in it."""
    picture = Image.new("RGB", size, "white")
    picture.paste((200, 30, 40), (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[_MAKE], exif[_ORIENTATION] = MARK.decode(), orientation
    exif[_GPS] = {1: "N", 2: (45.0, 29.0, 5.0), 3: "W", 4: (73.0, 35.0, 20.0)}
    written = io.BytesIO()
    more = {} if kind == "GIF" else {"exif": exif.tobytes()}
    picture.save(written, kind, **more)
    return written.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A PNG of a few kilobytes that says that it unpacks to gigabytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9999))


def polyglot() -> bytes:
    """A picture that is a page and an archive, too."""
    return photo() + b"<html><script>alert('zzmedia')</script></html>PK\x03\x04" + MARK


HTML = b"<!doctype html><script>alert('zzmedia')</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
VCARD = b"BEGIN:VCARD\r\nFN:Zzgiven\r\nEND:VCARD\r\n"

HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ACJpbG9jAAAAAERAAAEAAQAAAAABegABAAAAAAAAABgAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRt"
    "AAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    "AAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xy"
    "bmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAACBt"
    "ZGF0AAAAFCgBrwQY/Hk46//8W/n8KSezIR0O"
)
"""Made by libheif with an encoder that we do not have: 64 x 64 pixels, blue."""
