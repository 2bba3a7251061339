"""A question, a consult, a wrong number: what is asked of staff, and what only sounds so."""

import pytest

from reminders.triage import Asked, Label, read


def labels(text: str) -> frozenset[Label]:
    return read(text, 3, Asked.NONE).labels


@pytest.mark.parametrize(
    "text",
    [
        "is the gym ok",
        "hi is polysporin ok to use or no",
        "when can i wash my hair",
        "j'arrête la crème quand",
        "je me lave avec quoi",
        "je peux-tu courir",
        "do i need to come back",
        "what if it spreads",
    ],
)
def test_a_question_needs_no_mark(text: str) -> None:
    assert Label.QUESTION in labels(text)


@pytest.mark.parametrize(
    "text",
    [
        "this is the best day",
        "i did the cleanser like you said",
        "when I press on it pus comes out",
        "so i have blisters on my chin??",
        "Pain? none. Bumps? none",
        "no matter how long i press it bleeds",
        "quand je touche y a du pus",
    ],
)
def test_what_only_sounds_like_a_question(text: str) -> None:
    assert Label.QUESTION not in labels(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Please resume my messages. Did I miss the first tips?", {Label.START, Label.QUESTION}),
        ("Please stop the texts. What time do you close?", {Label.STOP, Label.QUESTION}),
        ("can you stop texting me?", {Label.STOP}),
        ("who is Tara?? wrong number", {Label.WRONG_NUMBER}),
    ],
)
def test_a_question_beside_an_order_is_kept_when_it_is_another_sentence(text: str, expected: set[Label]) -> None:
    assert labels(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "do i need to come back",
        "cessez de me contacter",
        "contactez-moi pus",
        "can you please not contact me",
        "I'll take a look in the mirror",
        "I haven't seen any change",
    ],
)
def test_no_consult(text: str) -> None:
    assert Label.CONSULT not in labels(text)


@pytest.mark.parametrize("text", ["I'm not Amanda", "no one named Karen lives here", "c'est plus son numéro"])
def test_wrong_number(text: str) -> None:
    assert labels(text) == {Label.WRONG_NUMBER}


@pytest.mark.parametrize("text", ["moi c'est Manon", "my number changed to 514 555 0199", "I'm not sure yet"])
def test_no_wrong_number(text: str) -> None:
    assert Label.WRONG_NUMBER not in labels(text)


@pytest.mark.parametrize(
    "text", ["je veux pus de vos messages", "no point in continuing to text me", "don't text again"]
)
def test_a_wish_for_none_is_no_wish_for_more(text: str) -> None:
    assert Label.START not in labels(text)


def test_an_opt_out_that_is_told_gives_way_to_the_wish_to_start() -> None:
    assert labels("j'avais demandé d'arrêter les suivis, remettez moi sur la liste") == {Label.START}


@pytest.mark.parametrize("text", ["when do the texts stop?", "Stop it, this is the best my face has looked!"])
def test_stop_that_asks_or_praises(text: str) -> None:
    assert Label.STOP not in labels(text)
