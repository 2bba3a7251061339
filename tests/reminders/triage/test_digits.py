"""A digit answers only when the text is an answer."""

import pytest

from reminders.triage.digits import answer
from reminders.triage.scene import build


def option(text: str) -> int | None:
    found = answer(build(text))
    return found.option if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("2.", 2),
        ("#3", 3),
        ("(2)", 2),
        ("2️⃣", 2),
        ("le 2", 2),
        ("numéro 3", 3),
        ("réponse : 1", 1),
        ("deux", 2),
        ("One!", 1),
        ("c'est un 2", 2),
        ("I'd say a 3", 3),
        ("2nd option", 2),
        ("l'option du milieu", 2),
        ("le premier choix", 1),
        ("3️⃣ hélas", 3),
        ("make it a 2", 2),
        ("Correction to my earlier text: should be 3, not 1", 3),
        ("typed 1 but theres still a few so make it a 2", 2),
        ("C'est ni 1 ni 2, c'est un gros 3 avec du pus", 3),
        ("oops meant 1 not 3", 1),
        ("not a 3, a 2", 2),
        ("between 2 and 3", 3),
        ("1 or 2", 2),
        ("3 please call me", 3),
        ("2 but a few left on my chin", 2),
        ("Skin is good. 1", 1),
        ("1 merci beaucoup", 1),
        ("chu au 2", 2),
        ("je réponds 1", 1),
        ("oups je voulais peser sur 3 pas sur 2", 3),
        ("looking in the daylight its a 3 for sure", 3),
        ("numéro un merci à toute l'équipe", 1),
    ],
)
def test_an_answer(text: str, expected: int) -> None:
    assert option(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "see you at 3",
        "10/10",
        "2-3 boutons",
        "2 - 3 boutons",
        "3 or 4 small bumps",
        "1 bouton sur le menton",
        "2 kids and no time",
        "3 o'clock works",
        "3pm",
        "1 week in and all is well",
        "one of the bumps is sore",
        "un bouton",
        "5",
        "at 2",
        "Je pars le 3, quelle crème?",
        "2 questions",
        "1 joue est belle",
        "5 stars, 3 visits",
        "my last appointment",
        "it's 3 and a half blocks away",
        "",
        "?!",
    ],
)
def test_no_answer(text: str) -> None:
    assert option(text) is None
