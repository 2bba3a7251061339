"""Bytes that say that they are a picture -> a clean picture, or the reason why not.

What comes out was drawn anew by us: no metadata (a phone writes where its owner lives into them), no second format
hidden behind the first, no script, and of a size that a page can show.
"""

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn

import pi_heif
from PIL import Image, ImageCms, ImageOps

from reminders.errors import RemindersError

CONTENT_TYPE = "image/jpeg"
"""What every clean picture is."""

LONGEST_SIDE = 2000
"""Pixels: more than any screen that staff look at has, and a tenth of the bytes of what a phone takes."""

_QUALITY = 85
_MOST_PROFILE = 1024 * 1024
_MOST_SCANS = 30
"""Phones' pictures are drawn in one pass, progressive ones in ten. Each is a walk over the whole picture, so a few
megabytes of passes would keep a decoder busy for minutes."""

_one_at_a_time = threading.Lock()

pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
# Our own limits hold, by kind; Pillow's would only warn.
Image.MAX_IMAGE_PIXELS = None


class Refusal(StrEnum):
    """Why there is no picture. Staff and patients read it in their own words (the web's catalogue)."""

    EMPTY = "empty"
    KIND = "kind"
    """It is not a picture at all, or of a kind that we do not draw."""
    BROKEN = "broken"
    """It begins like one, and cannot be drawn: cut off on the way, as a rule."""
    TOO_LARGE = "too_large"
    """Too many bytes, or too many pixels."""


class RefusedError(RemindersError):
    """There is no picture; `reason` says why. It never quotes the bytes."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(f"not a picture that can be kept: {reason.value}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean picture: a JPEG of `width` x `height` pixels, upright, in sRGB."""

    data: bytes = field(repr=False)
    width: int
    height: int


def clean(data: bytes, most_bytes: int) -> Picture:
    """The picture in `data`, drawn anew. What kind it is, the bytes say, never a name or a header.

    Raises:
        RefusedError: there is none that can be drawn within the limits.
    """
    if not data:
        raise RefusedError(Refusal.EMPTY)
    if len(data) > most_bytes:
        raise RefusedError(Refusal.TOO_LARGE)
    kind = next((kind for kind in _KINDS if kind.begins(data)), None)
    if kind is None:
        raise RefusedError(Refusal.KIND)
    if kind is _JPEG and data.count(b"\xff\xda") > _MOST_SCANS:
        raise RefusedError(Refusal.TOO_LARGE)
    with _one_at_a_time:
        return _drawn(data, kind)


def _drawn(data: bytes, kind: "_Kind") -> Picture:
    try:
        # Only this decoder is asked: another that also makes something of the bytes may not have its turn.
        with Image.open(io.BytesIO(data), formats=[kind.name]) as opened:
            if opened.width * opened.height > _most_pixels(opened, kind):
                return _refuse(Refusal.TOO_LARGE)
            return _redrawn(opened)
    except RefusedError:
        raise
    except MemoryError:
        raise RefusedError(Refusal.TOO_LARGE) from None
    except Exception:  # decoders raise whatever they like at bytes that were made to upset them
        raise RefusedError(Refusal.BROKEN) from None


def _most_pixels(opened: Image.Image, kind: "_Kind") -> int:
    """A JPEG that comes in passes, or in four inks, is held whole while it is read, however small it is to become."""
    is_held_whole = kind is _JPEG and ("progressive" in opened.info or opened.mode == "CMYK")
    return _HELD_WHOLE if is_held_whole else kind.most_pixels


def _refuse(reason: Refusal) -> NoReturn:
    raise RefusedError(reason)


def _redrawn(opened: Image.Image) -> Picture:
    # Made small before anything else, since every step makes a copy; of a JPEG only so much is decoded.
    opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    picture = opened.convert("RGBA") if opened.mode == "P" else opened
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    picture = _in_srgb(_on_white(ImageOps.exif_transpose(picture)))
    # Pixels alone go over: whatever else the picture carries stays behind.
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    drawn = io.BytesIO()
    bare.save(drawn, "JPEG", quality=_QUALITY, optimize=True)
    return Picture(drawn.getvalue(), *bare.size)


def _on_white(picture: Image.Image) -> Image.Image:
    """Nothing shines through: a JPEG cannot."""
    if "transparency" not in picture.info and picture.mode not in {"RGBA", "LA", "PA"}:
        return picture
    over = picture.convert("RGBA")
    white = Image.new("RGBA", over.size, "white")
    white.alpha_composite(over)
    white.info["icc_profile"] = picture.info.get("icc_profile")
    return white


def _in_srgb(picture: Image.Image) -> Image.Image:
    """The colours as they were meant: staff judge redness by them, and the profile that says so is left behind."""
    profile = picture.info.get("icc_profile")
    as_rgb = picture.convert("RGB")
    if not profile or len(profile) > _MOST_PROFILE or picture.mode not in {"RGB", "RGBA"}:
        return as_rgb
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        found = ImageCms.profileToProfile(as_rgb, given, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return as_rgb
    return found or as_rgb


def _is_heif(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS


_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of picture by Pillow's name: how it begins, and how many pixels it may have.

    A few kilobytes may unpack to gigabytes. With these limits decoding takes 400 MB at most, and one is decoded at a
    time in a process. Of a JPEG only as much is decoded as is wanted; phones take 12 to 50 million pixels.
    """

    name: str
    begins: Callable[[bytes], bool]
    most_pixels: int


_HELD_WHOLE = 50_000_000
"""Of 100 million pixels in passes 620 MB were measured, 810 MB in four inks."""

_JPEG = _Kind("JPEG", lambda data: data.startswith(b"\xff\xd8\xff"), 100_000_000)
_KINDS = (
    _JPEG,
    _Kind("HEIF", _is_heif, 50_000_000),
    _Kind("PNG", lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"), 25_000_000),
    _Kind("GIF", lambda data: data.startswith((b"GIF87a", b"GIF89a")), 25_000_000),
    _Kind("WEBP", lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", 25_000_000),
)
"""What phones make and Twilio carries."""
