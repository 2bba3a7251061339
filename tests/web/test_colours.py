"""The colours of the design system: what is written can be read on its ground in both themes.

Seen to fail when: the soft ink was made a little softer; the dark theme that is chosen differed from the device's.
"""

from collections.abc import Mapping

import pytest

from reminders.web.palette import PAIRS, Pair, contrast, palette
from tests.web.conftest import Browser


def test_contrast_is_what_the_standard_says() -> None:
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("0e5f5c", "0e5f5c") == 1


@pytest.mark.parametrize("theme", [palette().light, palette().dark], ids=["light", "dark"])
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.colour} on {pair.ground}")
def test_it_can_be_read(theme: Mapping[str, str], pair: Pair) -> None:
    assert contrast(theme[pair.colour], theme[pair.ground]) >= pair.needs


def test_the_dark_theme_is_one_whoever_chose_it() -> None:
    assert palette().chosen_dark == palette().dark
    assert palette().dark != palette().light


def test_the_page_of_the_design_shows_every_pair(browser: Browser) -> None:
    shown = browser.get("/design").text
    for pair in PAIRS:
        ratio = contrast(palette().light[pair.colour], palette().light[pair.ground])
        assert f"{pair.colour} / {pair.ground}" in shown
        assert f"{ratio:.1f}" in shown
