"""What was gone and is back again is looked at by somebody: no kind close, and no messages anew."""

import pytest

from reminders.triage import Asked, Label, read


@pytest.mark.parametrize(
    "text",
    [
        "The redness came back on day 12",
        "My redness had gone and it's back again",
        "I have a new dark patch on my cheek",
        "la rougeur est revenue",
    ],
)
def test_it_persists(text: str) -> None:
    """Seen to fail: "back on" was read as wanting messages again, "had gone" as clear skin."""
    assert read(text, 7, Asked.CHECK_IN).labels == {Label.PERSISTING}


@pytest.mark.parametrize("text", ["put me back on", "count me back in"])
def test_back_on_the_list_is_still_said_so(text: str) -> None:
    assert Label.START in read(text, 7, Asked.CHECK_IN).labels


@pytest.mark.parametrize(
    "text",
    [
        "Clear so far! If the redness comes back should I call?",
        "Est-ce que les taches brunes vont s'enlever?",
        "Is redness back normal?",
        "I had dark patches last year",
    ],
)
def test_what_is_only_asked_or_told_of_is_read(text: str) -> None:
    """Seen to fail: the settings of this tier were looked for among the red flags', and the reply was never read."""
    assert read(text, 7, Asked.CHECK_IN).labels - {Label.PERSISTING}
