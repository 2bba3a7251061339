"""What radiofrequency may leave: a burn, a nerve that was hurt, lost fat; and what only sounds like it."""

import pytest

from reminders.triage import Asked, Label, read


def urgent(text: str) -> bool:
    return Label.URGENT in read(text, 3, Asked.NONE).labels


@pytest.mark.parametrize(
    "text",
    [
        "I have burn marks in a grid on my forehead",
        "my skin got burned during the session",
        "my cheek is still numb",
        "I can't feel my upper lip",
        "no feeling in my chin",
        "one side of my face is drooping",
        "my left eyebrow won't move",
        "there are dents in my cheek",
        "j'ai des brûlures sur les deux joues",
        "vous m'avez brûlé la face",
        "ma joue est encore engourdie",
        "je sens plus ma lèvre du haut",
        "la moitié de ma face est paralysée",
        "j'ai la bouche de travers",
        "y'a un creux dans ma joue",
        "j'ai mal aux dents depuis le traitement",
    ],
)
def test_it_is_a_red_flag(text: str) -> None:
    assert urgent(text)


@pytest.mark.parametrize(
    "text",
    [
        "feels like a sunburn",
        "my cheeks burned a bit when I put the cream on",
        "burnt my tongue on soup",
        "numb for an hour after then fine",
        "not numb anymore",
        "the numbing cream was the best part",
        "my foot is numb, I slept on it",
        "how long does the numbness last?",
        "can the machine burn my skin?",
        "comme un coup de soleil",
        "j'ai brûlé mon souper",
        "plus engourdie du tout",
        "j'étais engourdie une heure après pis c'est parti",
        "mon pied est engourdi",
        "la crème gelante est magique",
        "l'engourdissement dure combien de temps?",
    ],
)
def test_it_is_none(text: str) -> None:
    assert not urgent(text)


@pytest.mark.parametrize(
    "text",
    [
        "green pus coming out of two of them. No more messages",
        "J'ai de la fièvre. C'est fini les textos",
        "> fever\nno\n> blisters\nyep, 3 of em on my chin",
        "> fièvre\nnon\n> cloques\noui, 3 sur le menton",
        "depuis que j'ai dormi chez ma mère avec son chat y'a un liquide vert qui sort de ma joue",
    ],
)
def test_an_order_a_list_or_a_place_takes_no_red_flag_away(text: str) -> None:
    assert urgent(text)


@pytest.mark.parametrize(
    "text",
    [
        "nothing weepy, nothing hot",
        "rien qui coule",
        "fever broke on day 2 and hasn't come back",
        "would a fever mean its infected? i dont have one just asking",
        "j'en vois pus un",
        "j'en ai eu plein, là pus un",
    ],
)
def test_nothing_broke_and_none_deny(text: str) -> None:
    assert not urgent(text)
