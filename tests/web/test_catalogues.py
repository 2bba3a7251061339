"""Both languages say everything, and everything that the code asks for is there."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from reminders import care, imaging, web
from reminders.care.explain.texts import texts
from reminders.care.tickets import OUTCOMES
from reminders.errors import Problem
from reminders.models import kinds
from reminders.triage.labels import Label
from reminders.web.i18n import blanks, catalogue, preferred
from reminders.wording.findings import Code, Part, Severity
from schedules.lifecycle import State
from schedules.protocol import StepKind

EN, FR = catalogue(kinds.Language.EN), catalogue(kinds.Language.FR)
CARE, WEB = Path(care.__file__).parent, Path(web.__file__).parent

_CALL = re.compile(r"""\bt[n]?\(\s*["']([a-z0-9_.]+)["']\s*[,)]""")
_PREFIX = re.compile(r"""\bt\(\s*["']([a-z0-9_.]+)\.["']\s*~""")
_PROBLEM = re.compile(r"""(?:Problem|_wrong)\(\s*(?:"[a-z_]+",\s*)?f?"([a-z_]+)\"""")
_ASSIGNED_KEY = re.compile(r"""\bkey = "([a-z_]+)\"""")
_TITLE = re.compile(r"""title_key=f?"timeline_([a-z_]+?)(_\{[^}]*\})?",""")


def _templates() -> Iterator[str]:
    return (path.read_text(encoding="utf-8") for path in (WEB / "templates").glob("*.html"))


def test_both_languages_have_the_same_keys() -> None:
    assert set(EN.texts) == set(FR.texts)


@pytest.mark.parametrize("key", sorted(EN.texts))
def test_a_text_has_the_same_blanks_in_both(key: str) -> None:
    assert blanks(EN.texts[key]) == blanks(FR.texts[key])


def test_no_text_is_empty_or_left_in_english() -> None:
    same = {key for key in EN.texts if EN.texts[key] == FR.texts[key]}
    assert all(EN.texts.values())
    assert all(FR.texts.values())
    spelled_alike = {
        "alberta",
        "manitoba",
        "nunavut",
        "ontario",
        "saskatchewan",
        "yukon",
        "question",
        "questions",
        "patients",
        "urgent",
        "patient",
        "code",
        "date",
        "page",
        "total",
        "parent",
        "menu",
        "compact",
    }
    assert {EN.texts[key].lower() for key in same if not EN.texts[key].startswith("{")} <= spelled_alike


def test_every_text_that_a_template_asks_for_exists() -> None:
    asked = {key for template in _templates() for key in _CALL.findall(template)}
    missing = {key for key in asked if not (EN.has(key) or EN.has(f"{key}.other"))}
    assert asked
    assert not missing


def test_every_family_of_texts_that_a_template_asks_for_exists() -> None:
    families = {prefix for template in _templates() for prefix in _PREFIX.findall(template)}
    assert {"channel", "language", "ticket", "ticket_reason", "label", "outcome", "done"} <= families | {"done"}
    assert not {family for family in families if not any(key.startswith(f"{family}.") for key in EN.texts)}


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("channel", kinds.Channel),
        ("language", kinds.Language),
        ("ticket", kinds.TicketKind),
        ("label", Label),
        ("state", State),
        ("state", kinds.ReminderState),
        ("state", kinds.ConsultState),
        ("state", kinds.TicketState),
        ("check_in", kinds.CheckInOutcome),
        ("step.kind", StepKind),
        ("finding", Code),
        ("severity", Severity),
        ("part", Part),
        ("attachment_reason", imaging.Refusal),
    ],
)
def test_every_word_of_a_closed_set_has_a_text(family: str, words: type[StrEnum]) -> None:
    assert not {word.value for word in words if not EN.has(f"{family}.{word.value}")}


def test_every_outcome_of_a_ticket_has_a_text() -> None:
    assert not {outcome for outcome in OUTCOMES if not EN.has(f"outcome.{outcome}")}


def test_every_heading_of_a_timeline_has_a_text() -> None:
    sets = {
        "message": kinds.MessageKind,
        "reply": kinds.ReplyKind,
        "ticket": kinds.TicketKind,
        "consent": kinds.ConsentAction,
    }
    source = "".join(path.read_text(encoding="utf-8") for path in (CARE / "timeline").glob("*.py"))
    found = _TITLE.findall(source)
    heads = {stem for stem, blank in found if not blank}
    heads |= {f"{stem}_{word.value}" for stem, blank in found if blank for word in sets[stem]}
    assert len(heads) > len(sets)
    assert not {head for head in heads if not EN.has(f"timeline.{head}")}


def test_every_problem_that_care_or_the_pages_raise_has_a_text() -> None:
    """But for imports, whose report has words of its own."""
    files = [path for root in (CARE, WEB) for path in root.rglob("*.py") if path.parent.name != "imports"]
    sources = [path.read_text(encoding="utf-8") for path in files]
    raised = {key for source in sources for key in _PROBLEM.findall(source)}
    raised |= set(_ASSIGNED_KEY.findall((CARE / "staff" / "passwords.py").read_text(encoding="utf-8")))
    assert {"name_missing", "treatment_in_future", "password_too_short"} <= raised
    assert not {key for key in raised if not EN.has(f"problem.{key}")}


def test_reasons_are_explained_in_both_languages() -> None:
    """The preview says why a step is skipped with care's own sentences."""
    for language in kinds.Language:
        assert {"too_late", "no_consent", "no_address", "opted_out"} <= set(texts(language).reason)


def test_a_count_follows_each_language_own_rule() -> None:
    assert EN.count("patients.found", 0) == "0 patients found"
    assert FR.count("patients.found", 0) == "0 patient trouvé"
    assert EN.count("patients.found", 1) == "1 patient found"
    assert FR.count("patients.found", 2) == "2 patients trouvés"


def test_a_problem_is_filled() -> None:
    assert EN.problem(Problem("too_long", limit="80")) == "This is too long: 80 characters at most."


def test_an_unknown_key_is_readable_instead_of_an_error() -> None:
    assert EN.text("ticket_reason.new_kind_of_reason") == "New kind of reason"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", kinds.Language.FR),
        ("en-CA,en;q=0.9,fr;q=0.8", kinds.Language.EN),
        ("fr-CA,fr;q=0.9,en;q=0.8", kinds.Language.FR),
        ("de-DE,en;q=0.3,fr;q=0.5", kinds.Language.FR),
        ("en;q=0,fr;q=0", kinds.Language.FR),
        ("de", kinds.Language.FR),
        ("en;q=nonsense", kinds.Language.FR),
    ],
)
def test_accept_language(header: str, expected: kinds.Language) -> None:
    assert preferred(header, kinds.Language.FR) is expected
