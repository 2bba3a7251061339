"""The counter beside the form counts as `wording.segments` does, and puts together what is sent as rendering does: one
table runs through both, in a real Chromium.

Seen to fail when: the script counted characters of the extension once, or a surrogate pair in two; took "ç" for one of
the alphabet; left out what is put around a text, or kept blanks that are taken out.
"""

import pytest
from playwright.sync_api import Page

from reminders.care import thread
from reminders.database import Database
from reminders.models import Clinic
from reminders.models.kinds import Channel, Language
from reminders.settings import Settings
from reminders.web.views import STATIC
from reminders.wording.segments import count
from tests.promises.world import TUESDAY, open_world

VECTORS = [
    "", "a", "a" * 160, "a" * 161, "a" * 306, "a" * 307, "éèàùìò", "É", "Ç", "ç", "€" * 80, "€" * 81, "^{}\\[~]|",
    "a" * 152 + "€" + "a" * 152, "ç" * 70, "ç" * 71, "ç" * 134, "ç" * 135, "😀" * 35, "😀" * 36, "it’s",
    "ç" * 66 + "😀" + "ç" * 66, "a\nb", "a" * 159 + "\n", "«guillemets»", "œuf", "\u202f", "@£$¥ΔΦΓΛΩΠΨΣΘΞ¡¿§¤",
    "a" * 152 + "{" + "a" * 152 + "}", "👩🏽‍⚕️" * 9, "à bientôt", "A" * 900,
]  # fmt: skip
TYPED = [
    "Yes, from Friday on.", "  Oui,  dès   vendredi. ", "Deux\n\n\n\nlignes  ", "Une\r\nautre", " \n x \n", "a" * 149,
    "a" * 150, "a" * 151, "€" * 75, "Ça va", "{first_name}", "[[texte]]", "😀" * 30, "tab\tulator"[:3], "a" * 897,
]  # fmt: skip


@pytest.fixture
def script(page: Page) -> Page:
    """A page on which the script is, and nothing else."""
    page.set_content("<title>x</title>")
    page.add_script_tag(content=(STATIC / "segments.js").read_text(encoding="utf-8"))
    return page


def test_both_count_alike(script: Page) -> None:
    counted = script.evaluate("(all) => all.map((one) => Segments.count(one))", VECTORS)
    told = [(one["encoding"], one["units"], one["count"]) for one in counted]
    assert told == [(one.encoding, one.units, one.count) for one in map(count, VECTORS)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", list(Language))
def test_both_put_the_same_around_a_text(
    script: Page, database: Database, settings: Settings, language: Language
) -> None:
    world = open_world(database, settings)
    marie = world.patient(phone="+15145550112", language=language.value)
    with database.read(clinic=world.clinic.id) as session:
        clinic = session.get_one(Clinic, world.clinic.id)
        to = thread.To(marie, Channel.SMS)
        before, after = thread.around(session, clinic, to, TUESDAY)
        assert clinic.short_name in before
        for text in TYPED:
            shown = thread.preview(session, clinic, to, text, TUESDAY)
            body = script.evaluate("([b, t, a]) => Segments.composed(b, t, a)", [before, text, after])
            assert body == shown.body
            assert script.evaluate("(body) => Segments.count(body).count", body) == shown.segments
