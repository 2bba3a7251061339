"""The state of the skin in words: which of two things said counts."""

import pytest

from reminders.triage import Asked, Label, read


def labels(text: str) -> frozenset[Label]:
    return read(text, 7, Asked.CHECK_IN).labels


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("still there but a lot smaller", Label.IMPROVING),
        ("less bumps than last week", Label.IMPROVING),
        ("still a bit pink but no pain and getting better", Label.IMPROVING),
        ("plus que 2 boutons", Label.IMPROVING),
        ("it got worse before it got better, few spots left", Label.IMPROVING),
        ("my skin has never been this clear", Label.CLEAR),
        ("Pimples? none", Label.CLEAR),
        ("aucune douleur aucun bouton peau lisse", Label.CLEAR),
        ("nothing has changed", Label.PERSISTING),
        ("they keep coming back", Label.PERSISTING),
        ("i said 2 before but in the daylight its a 3 for sure", Label.PERSISTING),
    ],
)
def test_what_counts(text: str, expected: Label) -> None:
    assert labels(text) == {expected}


@pytest.mark.parametrize(
    "text",
    [
        "the instructions are perfect",
        "les textos c'est parfait",
        "just left you a review",
        "my face is super swollen",
        "broke out in hives",
        "no pus no redness",
    ],
)
def test_what_says_nothing_of_the_skin(text: str) -> None:
    assert not labels(text) & {Label.CLEAR, Label.IMPROVING, Label.PERSISTING}
