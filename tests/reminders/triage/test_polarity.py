"""A symptom that is named: there now, in doubt, or confidently not."""

import pytest

from reminders.triage import Asked, Label, Reading, read
from reminders.triage.redflags import SURE, UNSURE


def reading(text: str) -> Reading:
    return read(text, 3, Asked.NONE)


@pytest.mark.parametrize(
    "text",
    [
        "no fever, pus or chills",
        "no fever, no pus",
        "I don't have a fever",
        "haven't had any chills",
        "fever? no",
        "Pus: none",
        "pain free",
        "pas de fièvre ni de pus",
        "aucune fièvre",
        "sans fièvre",
        "ça coule pas",
        "ça saigne pus",
        "j'ai plus de fièvre",
    ],
)
def test_denied(text: str) -> None:
    assert Label.URGENT not in reading(text).labels


@pytest.mark.parametrize(
    "text",
    [
        "no fever but pus",
        "no fever, my cheek is oozing yellow",
        "No, I have a fever",
        "no doubt it's pus",
        "not just bumps, there is pus",
        "pas juste des boutons, du pus aussi",
        "won't stop bleeding",
        "I can't breathe",
        "ça arrête pas de saigner",
        "j'ai pas dormi, j'ai de la fièvre",
        "pas de fièvre mais du pus",
    ],
)
def test_a_negation_elsewhere_denies_nothing(text: str) -> None:
    assert reading(text).confidence >= SURE


@pytest.mark.parametrize(
    "text",
    [
        "I had a fever on day 1, gone now",
        "the pus is gone",
        "J'avais un feu sauvage, c'est guéri",
        "j'ai eu de la fièvre mais c'est passé",
        "swelling went down",
        "cold sore last week is all healed",
        "it only hurt during the treatment",
        "it was swollen yesterday, it's fine today",
    ],
)
def test_past(text: str) -> None:
    assert Label.URGENT not in reading(text).labels


@pytest.mark.parametrize(
    "text",
    [
        "the pus has gone green",
        "voice is gone and throat is swelling",
        "the fever came back",
        "the pus is not gone",
        "fever still here",
        "la fièvre est revenue",
        "pas parti, le pus",
    ],
)
def test_not_past(text: str) -> None:
    assert Label.URGENT in reading(text).labels


@pytest.mark.parametrize(
    "text",
    [
        "what if I get a fever?",
        "I'll call if I see pus",
        "how do I know if it's infected?",
        "what are the signs of infection?",
        "can the cream cause hives?",
        "si je fais de la fièvre je fais quoi?",
        "en cas de fièvre je vous appelle",
        "je vous écris si jamais j'ai du pus",
        "Say I spike a fever tonight, who do I call?",
        "if a cold sore came up would i have to take something",
        "Si ma vue devenait floue je devrais aller à l'urgence?",
        "qu'est-ce qui arrive si ça devient plein de pus?",
        "how long does the swelling last",
        "you told me to call if there's pus",
    ],
)
def test_hypothetical(text: str) -> None:
    assert Label.URGENT not in reading(text).labels


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("I checked for pus, there isn't any", False),
        ("you warned me about cold sores but I didn't get one", False),
        ("j'ai regardé pour du pus, y en a pas", False),
        ("you told me to watch for streaks and I see some", True),
        ("vous m'avez dit d'appeler si y'a du pus, ben y'en a", True),
        ("j'ai jamais eu de feu sauvage mais je pense que c'en est un", True),
    ],
)
def test_what_is_said_of_any_of_it(text: str, urgent: bool) -> None:
    assert (Label.URGENT in reading(text).labels) is urgent


@pytest.mark.parametrize(
    "text", ["if this is a cold sore I'm screwed", "what if it's infected?", "si c'est du pus ça m'inquiète"]
)
def test_if_it_is_one_now_is_doubt(text: str) -> None:
    assert reading(text).confidence == UNSURE
    assert Label.URGENT in reading(text).labels


def test_worry_about_what_is_there_is_no_hypothesis() -> None:
    assert Label.URGENT in reading("I'm worried about the pus on my cheek").labels
    assert Label.URGENT not in reading("I'm worried about getting blisters").labels


def test_a_slight_swelling_is_none_but_three_times_the_normal_size_is() -> None:
    assert Label.URGENT not in reading("normal swelling I guess").labels
    assert Label.URGENT in reading("my lip is three times its normal size").labels
    assert Label.URGENT in reading("the pain isn't normal").labels


def test_what_would_be_done_then_stays_under_the_if() -> None:
    assert Label.URGENT in reading("if it helps I have a fever").labels
    assert Label.URGENT in reading("if you could call me I have a fever").labels


@pytest.mark.parametrize(
    "text",
    [
        "my son has a fever",
        "My daughter is sick. She has a fever.",
        "mon chum a un feu sauvage",
        "mes enfants ont de la fièvre",
        "pink eye is going around",
    ],
)
def test_somebody_else(text: str) -> None:
    assert Label.URGENT not in reading(text).labels


@pytest.mark.parametrize(
    "text",
    [
        "my son and I have a fever",
        "my husband says my face is swollen",
        "my daughter had the treatment and her face is swollen",
        "mon chum dit que j'ai du pus",
        "my cat scratched me and there's pus",
    ],
)
def test_not_somebody_else(text: str) -> None:
    assert Label.URGENT in reading(text).labels


@pytest.mark.parametrize(
    "text",
    [
        "not sure if it's a cold sore",
        "I don't think it's pus",
        "is pus normal?",
        "I had a fever",
        "if I press on it there is pus",
        "je sais pas si c'est du pus",
        "I never had hives before",
        "no fever yesterday but now yes",
    ],
)
def test_doubt_is_urgent_with_low_confidence(text: str) -> None:
    found = reading(text)

    assert Label.URGENT in found.labels
    assert found.tier is not None
    if "before" not in text and "press" not in text:
        assert found.confidence == UNSURE


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("I can't breathe", "emergency"),
        ("my tongue is swollen", "emergency"),
        ("ma gorge enfle", "emergency"),
        ("fever and trouble breathing", "emergency"),
        ("I have a fever", "urgent"),
        ("my lips are swollen", "urgent"),
        ("all is well", None),
    ],
)
def test_tier(text: str, tier: str | None) -> None:
    assert reading(text).tier == tier


@pytest.mark.parametrize(
    "text", ["my temperature is 36.8", "temp 37.1, all good", "il fait 39 dehors", "it's 102 outside"]
)
def test_no_fever_by_number(text: str) -> None:
    assert Label.URGENT not in reading(text).labels


@pytest.mark.parametrize("text", ["temp 38.6", "je fais 39", "I'm at 101.3", "thermometer says 102"])
def test_fever_by_number(text: str) -> None:
    assert Label.URGENT in reading(text).labels
