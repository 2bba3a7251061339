"""The colours of the design system: text can be read on its ground in both themes (WCAG 2.2, 1.4.3: 4.5 to 1).

Seen to fail when: the soft ink was made a little softer; the dark theme that is chosen differed from the device's.
"""

import re
from collections.abc import Mapping

import pytest

from reminders.web.views import STATIC

CSS = (STATIC / "style.css").read_text(encoding="utf-8")
ENOUGH, ENOUGH_FOR_PARTS = 4.5, 3.0
"""What text needs, and what the edge of a field or of the focus needs (WCAG 2.2, 1.4.11)."""

_HEX = re.compile(r"--([\w-]+):\s*#([0-9a-f]{6})\b")
_BLOCK = r"{}\s*\{{([^}}]*)\}}"


def _colours(selector: str) -> dict[str, str]:
    found = re.search(_BLOCK.format(re.escape(selector)), CSS)
    assert found, selector
    return dict(_HEX.findall(found[1]))


LIGHT = _colours(":root")
DARK = LIGHT | _colours(":root:not([data-theme=light])")
GROUNDS = ("paper", "card", "sunken")
ON_GROUNDS = ("ink", "ink-soft", "accent", "accent-strong", "danger", "warn", "good")
PAIRS = [
    *((text, ground) for text in ON_GROUNDS for ground in GROUNDS),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-danger", "danger"),
    ("accent-strong", "accent-wash"),
    ("danger", "danger-wash"),
    ("warn", "warn-wash"),
    ("good", "good-wash"),
    ("ink", "good-wash"),
    ("ink", "warn-wash"),
    ("ink", "danger-wash"),
]


def _luminance(colour: str) -> float:
    """Relative luminance of "rrggbb" (WCAG 2.2, definitions)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(theme: Mapping[str, str], text: str, ground: str) -> None:
    assert contrast(theme[text], theme[ground]) >= ENOUGH


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("edge", ["line-strong", "focus"])
def test_edges_can_be_seen(theme: Mapping[str, str], edge: str) -> None:
    assert all(contrast(theme[edge], theme[ground]) >= ENOUGH_FOR_PARTS for ground in ("paper", "card"))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["banner", "banner-hold"])
def test_the_banners_can_be_read(theme: Mapping[str, str], ground: str) -> None:
    assert contrast("ffffff", theme[ground]) >= ENOUGH


def test_the_dark_theme_is_one_whoever_chose_it() -> None:
    assert _colours(":root[data-theme=dark]") == _colours(":root:not([data-theme=light])")
