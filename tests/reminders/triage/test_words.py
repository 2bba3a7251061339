"""Words before meaning: Quebec "pus", spelling, normal forms, orders that are none, and JSON."""

import json

import pytest

from reminders.triage import Asked, Label, read
from reminders.triage.evaluate import to_json
from reminders.triage.normalise import fold
from reminders.triage.patterns import compile_phrase
from reminders.triage.scene import build
from reminders.triage.spelling import corrected


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("j'ai pus de boutons", "nomore"),
        ("y'a pus rien", "nomore"),
        ("c'est pus rouge", "nomore"),
        ("textez-moi pus", "nomore"),
        ("y'a du pus", "pus"),
        ("plein de pus", "pus"),
        ("y'a pus qui sort", "pus"),
        ("there is pus", "pus"),
        ("green pus", "pus"),
        ("pus", "pus"),
    ],
)
def test_quebec_pus(text: str, meant: str) -> None:
    assert meant in build(text).words


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ça me démange pus", "nomore"),
        ("ça pèle pus", "nomore"),
        ("j'ai pu rien", "nomore"),
        ("de pu m'écrire", "nomore"),
        ("on voit pu ma mâchoire", "nomore"),
        ("du pu jaune", "pus"),
        ("plein de pu", "pus"),
        ("j'ai pu dormir", "pu"),
        ("j'ai pu me maquiller", "pu"),
    ],
)
def test_quebec_pu(text: str, meant: str) -> None:
    assert meant in build(text).words


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("plus de boutons", "nomore"),
        ("je ne veux plus", "nomore"),
        ("j'ai plus de boutons qu'avant", "evenmore"),
        ("de plus en plus", "evenmore"),
        ("non plus", "plus"),
    ],
)
def test_french_plus(text: str, meant: str) -> None:
    assert meant in build(text).words


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("feverr", "fever"),
        ("blsiters", "blisters"),
        ("fievr", "fievre"),
        ("swolllen", "swollen"),
        ("urticare", "urticaire"),
    ],
)
def test_a_slip_is_corrected(typed: str, meant: str) -> None:
    assert build(typed).words == [meant]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("un feu sovage", "sauvage"),
        ("jaimerais ça", "je"),
        ("quelqu'un mapelle", "me"),
        ("aretté de mécrire", "arrete"),
        ("une kloque sur la joue", "cloque"),
    ],
)
def test_french_is_heard(typed: str, meant: str) -> None:
    assert meant in build(typed).words


@pytest.mark.parametrize("text", ["the bloke next door", "ceci est bon", "j'allaite mon bébé", "I spoke to Amy"])
def test_a_word_that_exists_is_not_heard_as_another(text: str) -> None:
    assert read(text, 3, Asked.NONE).labels == {Label.OTHER}


@pytest.mark.parametrize(
    "word", ["never", "spoke", "bloom", "lever", "river", "shop", "stomp", "step", "fiere", "payne", "simples", "hires"]
)
def test_a_real_word_is_left_alone(word: str) -> None:
    assert corrected(word) == word


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("FIÈVRE", "fievre"),
        ("œil", "oeil"),
        ("1️⃣", "1"),
        ("don’t", "don't"),
        ("stoooop", "stop"),
        ("S T O P", "stop"),
        ("s.v.p.", "svp"),
        ("S.T.O.P", "stop"),
    ],
)
def test_fold(typed: str, folded: str) -> None:
    assert fold(typed).strip() == folded


@pytest.mark.parametrize(
    "text",
    [
        "Don't stop sending these",
        "arrêtez pas de m'écrire",
        "when can I stop the cream",
        "full stop",
        "stop the serum tonight or keep going?",
        "Arrêter la crème ce soir ou demain?",
        "at the bus stop",
        "I'll stop by tomorrow",
        "the bleeding stopped",
        "je dois arrêter au dépanneur",
        "à l'arrêt d'autobus",
        "need to cancel my appointment",
        "at the end of the week",
        "non stop compliments",
    ],
)
def test_no_opt_out(text: str) -> None:
    assert Label.STOP not in read(text, 3, Asked.NONE).labels


@pytest.mark.parametrize(
    "text",
    [
        "Stop. I don't want to get texts again",
        "do not ever send me messages again",
        "stop texting me and don't start again",
        "n'envoyez plus de textos, et ne recommencez pas à m'écrire",
    ],
)
def test_an_opt_out_beside_the_word_again_stays_one(text: str) -> None:
    assert Label.STOP in read(text, 3, Asked.NONE).labels


@pytest.mark.parametrize("text", ["thanks for your help", "merci pour l'info", "help, my skin is dry", "votre aide"])
def test_no_keyword(text: str) -> None:
    assert Label.HELP not in read(text, 3, Asked.NONE).labels


@pytest.mark.parametrize(
    ("text", "language"),
    [
        *((text, "unknown") for text in ("", "3", "INFO", "STOP", "START", "👍")),
        *((text, "fr") for text in ("DEBUT", "DÉBUT", "désabonner", "AIDE", "ARRÊT")),
        *((text, "en") for text in ("HELP", "unsubscribe", "stop texting me")),
    ],
)
def test_the_language_is_said_only_where_the_words_tell(text: str, language: str) -> None:
    assert to_json(read(text, 7, Asked.CHECK_IN))["language"] == language


def test_a_reading_as_json() -> None:
    found = to_json(read("STOP, j'ai de la fièvre", 3, Asked.NONE))

    assert json.loads(json.dumps(found)) == found
    assert found["labels"] == ["stop", "urgent"]
    assert found["language"] == "fr"
    assert {"label": "urgent", "words": "fievre"} in found["evidence"]


def test_an_alternative_of_two_words_is_refused() -> None:
    with pytest.raises(ValueError, match="an alternative is one word"):
        compile_phrase("concept", "can't|won't stop", {}, lambda word: word.split("'"))
