"""A hand that never leaves the keyboard."""

from playwright.sync_api import Locator, Page

_FAR = 150
"""So many presses of Tab take one past the end of any page of ours."""


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until `target` has the focus.

    Raises:
        AssertionError: it cannot be reached by keyboard.
    """
    for _ in range(_FAR):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"not to be reached by Tab: {target}")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    """Go to a button, a link or a box, and press it."""
    tab_to(page, target)
    page.keyboard.press(key)


def write(page: Page, target: Locator, text: str) -> None:
    """Go to a field and write in it, in place of what stands there."""
    tab_to(page, target)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
