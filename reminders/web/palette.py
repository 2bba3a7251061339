"""The colours of the design system, read from their style sheet, and how far each stands from its ground."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from reminders.web.views import STATIC

TEXT, EDGE = 4.5, 3.0
"""What text needs on its ground, and what the edge of a field or of the focus needs (WCAG 2.2, 1.4.3 and 1.4.11)."""

_HEX = re.compile(r"--([\w-]+):\s*#([0-9a-f]{6})\b")
_LINEAR_UP_TO = 0.04045  # of a channel: below, sRGB is a straight line
_GROUNDS = ("paper", "card", "sunken")
_ON_GROUNDS = ("ink", "ink-soft", "accent", "accent-strong", "danger", "warn", "good")
_EDGES = ("line-strong", "focus")


@dataclass(frozen=True)
class Pair:
    """A colour on the ground that it is used on, and the contrast that it needs there."""

    colour: str
    ground: str
    needs: float = TEXT


PAIRS = (
    *(Pair(colour, ground) for colour in _ON_GROUNDS for ground in _GROUNDS),
    *(Pair(edge, ground, EDGE) for edge in _EDGES for ground in ("paper", "card")),
    Pair("on-accent", "accent"),
    Pair("on-accent", "accent-strong"),
    Pair("on-danger", "danger"),
    Pair("on-banner", "banner"),
    Pair("on-banner", "banner-hold"),
    Pair("accent-strong", "accent-wash"),
    Pair("danger", "danger-wash"),
    Pair("warn", "warn-wash"),
    Pair("good", "good-wash"),
    Pair("ink", "good-wash"),
    Pair("ink", "warn-wash"),
    Pair("ink", "danger-wash"),
)


@dataclass(frozen=True)
class Palette:
    """The colours of both themes, "rrggbb" by name. `chosen_dark` is dark for whoever chose it themselves."""

    light: Mapping[str, str]
    dark: Mapping[str, str]
    chosen_dark: Mapping[str, str]


@cache
def palette() -> Palette:
    """The colours as the style sheet has them."""
    css = (STATIC / "style.css").read_text(encoding="utf-8")
    light = _block(css, ":root")
    dark, chosen = _block(css, ":root:not([data-theme=light])"), _block(css, ":root[data-theme=dark]")
    return Palette(light, {**light, **dark}, {**light, **chosen})


def contrast(one: str, other: str) -> float:
    """How far two colours "rrggbb" stand apart, 1 to 21 (WCAG 2.2, contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _block(css: str, selector: str) -> dict[str, str]:
    found = re.search(rf"{re.escape(selector)}\s*\{{([^}}]*)\}}", css)
    return dict(_HEX.findall(found[1])) if found else {}


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definitions)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= _LINEAR_UP_TO else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
