"""A protocol's draft in a real browser: nothing is wider than the screen, and a finding stands beside its text."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo
from tests.browser.test_one_treatment import sign_in


def test_a_draft_fits_every_screen_and_says_what_is_wrong(start_demo: Callable[..., Demo], page: Page) -> None:
    demo = start_demo()
    sign_in(page, demo)
    page.goto(f"{demo.url}/protocols")
    page.locator("main .list a").first.click()
    protocol = page.url.split("?")[0]
    page.get_by_role("button", name="Commencer une ébauche").click()
    page.locator("summary", has_text="Jour 3").click()
    text = page.locator("#day-3-fr-sms")
    text.locator("textarea").fill("{clinic} : Microneedling, n’est-ce pas {prenom}? " + "trop long " * 50)
    expect(page.locator("[data-state]")).to_have_text("Pas encore enregistré.")
    page.get_by_role("button", name="Enregistrer tous les textes").click()
    expect(text).to_contain_text("Il nomme un traitement")
    expect(text).to_contain_text("’ → '")
    for width in (320, 390, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("/protocols", f"{protocol}/draft", protocol, f"{protocol}/move"):
            page.goto(path if path.startswith("http") else f"{demo.url}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, path)
    assert demo.stop() == 0
