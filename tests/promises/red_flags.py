"""Wordings of our own invention, kept apart from those that triage's rules were written from."""

ASSERTED = {
    "en": """
        I have a fever of 39
        running a temperature since last night
        got the chills and I feel feverish
        there is pus coming out of my cheek
        yellow discharge on my chin since this morning
        greenish fluid is oozing from the bumps
        the redness is spreading to my neck
        red streaks going down my jaw
        the pain is getting worse every hour
        it hurts so much I can't sleep
        severe pain on the left side of my face
        my face is swollen like a balloon
        my lips are swelling up
        my throat feels tight and swollen
        I cant breathe properly
        hard to breathe since I put the cream on
        short of breath and dizzy
        big blisters all over my forehead
        I think I'm getting a cold sore
        cold sores all around my mouth
        my eye is red and it hurts
        my vision is blurry since the treatment
        some of the product got in my eye and it burns
        hives all over my body
        it wont stop bleeding
        still bleeding after two days
        I feel really really sick
        Fever!!! what do I do
        i hav a feverr
        my eyelid is swollen shut
        skin is hot, red and the redness keeps growing
        bumps are filled with pus now
        throwing up and shivering
        Temp is 38.9 and rising
        3 and also a fever
        pus
        a blister on my lip
        it might be an infection, there is pus
    """,
    "fr": """
        je fais de la fièvre
        j'ai 39 de fièvre depuis hier
        j'ai des frissons et je me sens fiévreuse
        il y a du pus qui sort de ma joue
        écoulement jaune sur le menton
        ça coule vert depuis ce matin
        la rougeur s'étend vers mon cou
        la rougeur se propage
        des lignes rouges descendent sur ma mâchoire
        la douleur empire d'heure en heure
        ça fait tellement mal que je dors pas
        douleur intense du côté gauche
        j'ai le visage très enflé
        mes lèvres enflent
        ma gorge est enflée
        j'ai de la misère à respirer
        j'ai du mal à respirer
        je suis essoufflée et étourdie
        de grosses cloques sur le front
        j'ai des ampoules pleines de liquide
        j'ai un feu sauvage qui sort
        des boutons de fièvre autour de la bouche
        mon oeil est rouge et ça brûle
        je vois flou depuis le traitement
        j'ai reçu du produit dans l'œil
        de l'urticaire partout sur le corps
        ça arrête pas de saigner
        ça saigne encore après deux jours
        je me sens vraiment très malade
        FIEVRE 39.5
        jai de la fievre pis des frissons
        ma paupière est enflée et fermée
        ma peau est chaude, rouge et ça s'agrandit
        les boutons sont remplis de pus
        3, et je fais de la température
        des cloques
    """,
}

DOUBTFUL = {
    "en": """
        maybe a fever?
        not sure if this is pus
        is this pus or normal?
        possibly swelling, hard to tell
        fever??
        I can't tell if it's pus
        looks like it could be pus?
        are these blisters?
        not sure whether the redness is spreading
        am I supposed to have this much swelling?
        I don't know if this is a cold sore
        would you say this is pus?
    """,
    "fr": """
        peut-être un peu de fièvre?
        je sais pas si c'est du pus
        on dirait du pus mais pas certaine
        je me demande si je fais de la fièvre
        est-ce que c'est du pus ou c'est normal?
        fièvre??
        c'est normal d'avoir du pus?
        est-ce des cloques?
        c'est-tu du pus ça?
        je ne sais pas si c'est un feu sauvage
        ça se peut-tu que ce soit enflé?
    """,
}

HARMLESS = {
    "en": """
        no fever, just a few left
        no pus and no fever
        I don't have any pain
        never had a fever, skin is great
        the swelling is gone now
        I had a fever last month but nothing since
        the redness went away after two days
        what if I get a fever?
        should I call if I ever see pus?
        if I get blisters who do I call?
        my son has a fever so I can't come tomorrow
        my husband had cold sores last week, not me
        my sister has hives, I am fine
        dying to see the result
        no bleeding at all
        all clear, no redness, no swelling
        it did not hurt
        thanks so much
        see you at 3
        2 better every day, no infection
        the pain stopped yesterday
    """,
    "fr": """
        pas de fièvre, juste quelques boutons
        aucune douleur et pas de pus
        j'ai pus de boutons
        j'ai plus de rougeurs
        je n'ai jamais fait de fièvre
        l'enflure est partie
        la rougeur a disparu après deux jours
        et si je fais de la fièvre, j'appelle qui?
        mon fils fait de la fièvre, je dois annuler demain
        ma soeur a de l'urticaire, moi tout va bien
        mon chum a un feu sauvage, moi rien
        ça saigne pas
        merci beaucoup, tout est beau
        zéro douleur, zéro enflure
        1 tout est parfait
    """,
}


def wordings(table: dict[str, str]) -> list[tuple[str, str]]:
    """(language, wording), one for each line."""
    return [(language, line.strip()) for language, text in table.items() for line in text.strip().splitlines()]
