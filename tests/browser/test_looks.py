"""How every page of the staff's looks: axe finds nothing, nothing is wider than the screen, and none is heavy.

The pages are found by walking the routes, so a new one is among them. Half of the combinations of language, theme and
width are seen by axe, chosen so that each pair of them is met; widths are tried in both languages.
Seen to fail when: the banner stood outside every landmark; a tag's ink was too soft; a table was wider than a phone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response

from reminders.database import Database
from reminders.models.kinds import Language, Role
from reminders.settings import Settings
from tests import services
from tests.promises.practice import Practice, open_practice
from tests.promises.test_08_own_clinic_only import _BLANK, a_week, routes
from tests.promises.world import open_world
from tests.reminders.sandbox.conftest import serving
from tests.web.test_access import OTHERS

HEAVIEST = 150_000
"""Bytes of a page with all that it loads, as the staff app's plan has it."""

WIDTHS = (390, 1024, 1440)
SEEN_BY_AXE = [
    (Language.FR, "light", 390),
    (Language.EN, "dark", 390),
    (Language.EN, "light", 1440),
    (Language.FR, "dark", 1440),
]

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@dataclass
class Site:
    """The pages of a clinic where something of everything has happened, served on this machine."""

    url: str
    pages: dict[str, str]
    tokens: dict[Language, str]


@pytest.fixture
def site(database: Database, settings: Settings) -> Iterator[Site]:
    with open_practice(open_world(database, settings), settings) as practice:
        pages, tokens = _pages(practice), _tokens(practice)
        port = services.free_port()
        with serving(practice.app, port):
            yield Site(f"http://127.0.0.1:{port}", pages, tokens)


def _pages(practice: Practice) -> dict[str, str]:
    """Every page that can be got, by the path it is declared with; what is no page (a table, a picture) is none."""
    ids = a_week(practice).ids
    owner = practice.browser(practice.hire(role=Role.OWNER))
    owner.post(f"/protocols/{ids['protocol_id']}/draft")
    found = sorted({path for method, path in routes(practice.app) if method == "GET" and not path.startswith(OTHERS)})
    filled = {path: _BLANK.sub(lambda blank: ids[blank[1]], path) for path in found if path != "/static"}
    return {path: at for path, at in filled.items() if "html" in owner.get(at).headers.get("content-type", "")}


def _tokens(practice: Practice) -> dict[Language, str]:
    return {
        language: practice.browser(practice.hire(role=Role.OWNER, language=language.value)).client.cookies["session"]
        for language in Language
    }


@dataclass
class Looks:
    """What was wrong with what was seen."""

    findings: list[str] = field(default_factory=list)

    def see(self, name: str, wrong: str) -> None:
        if wrong:
            self.findings.append(f"{name}: {wrong}")


def _open(browser: Browser, site: Site, language: Language, theme: str, width: int) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    context.add_cookies([{"name": "session", "value": site.tokens[language], "url": site.url}])
    return context.new_page()


@pytest.mark.parametrize(("language", "theme", "width"), SEEN_BY_AXE)
def test_axe_finds_nothing(
    site: Site, language: Language, theme: str, width: int, request: pytest.FixtureRequest
) -> None:
    page = _open(request.getfixturevalue("browser"), site, language, theme, width)
    looks = Looks()
    for name, path in site.pages.items():
        page.goto(site.url + path)
        found = Axe().run(page).response["violations"]
        looks.see(name, "; ".join(f"{one['id']} at {one['nodes'][0]['target']}" for one in found))
    assert looks.findings == []


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_wider_than_the_screen(site: Site, language: Language, request: pytest.FixtureRequest) -> None:
    looks = Looks()
    for width in WIDTHS:
        page = _open(request.getfixturevalue("browser"), site, language, "light", width)
        for name, path in site.pages.items():
            page.goto(site.url + path)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            looks.see(f"{name} at {width}", f"{wide} px too wide" if wide > 0 else "")
    assert looks.findings == []


def test_no_page_is_heavy_or_in_error(site: Site, request: pytest.FixtureRequest) -> None:
    page = _open(request.getfixturevalue("browser"), site, Language.FR, "light", 1440)
    looks, got = Looks(), list[Response]()
    page.on("response", lambda answer: got.append(answer))  # noqa: PLW0108 - Playwright marks what it is given
    page.on("pageerror", lambda error: looks.see(page.url, str(error)))
    for name, path in site.pages.items():
        got.clear()
        page.goto(site.url + path, wait_until="networkidle")
        weight = sum(len(one.body()) for one in got if not 300 <= one.status < 400)
        looks.see(name, f"{weight} bytes" if weight > HEAVIEST else "")
        looks.see(name, f"status {got[-1].status}" if got[0].status >= 500 else "")
    assert looks.findings == []
