"""What a patient agrees to, word for word, by version, channel and language."""

from collections.abc import Mapping

from reminders.models.kinds import Channel, Language

CURRENT = "2026-11"
"""The version that forms show."""

WORDING: Mapping[str, Mapping[Channel, Mapping[Language, str]]] = {
    "2026-11": {
        Channel.SMS: {
            Language.EN: (
                "I agree to receive aftercare text messages from {clinic} at this number after my treatments: advice, "
                "a check-in, and an offer of a consult if needed. Message and data rates may apply. Texts are not "
                "encrypted. I can stop at any time by replying STOP; this does not affect my care."
            ),
            Language.FR: (
                "J’accepte de recevoir par texto, à ce numéro, les messages de suivi de {clinic} après mes soins : "
                "conseils, suivi et offre de consultation au besoin. Des frais de messagerie et de données peuvent "
                "s’appliquer. Les textos ne sont pas chiffrés. Je peux arrêter en tout temps en répondant ARRET; "
                "cela ne change rien à mes soins."
            ),
        },
        Channel.EMAIL: {
            Language.EN: (
                "I agree to receive aftercare e-mails from {clinic} at this address after my treatments: advice, a "
                "check-in, and an offer of a consult if needed. I can unsubscribe at any time with the link in each "
                "e-mail; this does not affect my care."
            ),
            Language.FR: (
                "J’accepte de recevoir par courriel, à cette adresse, les messages de suivi de {clinic} après mes "
                "soins : conseils, suivi et offre de consultation au besoin. Je peux me désabonner en tout temps par "
                "le lien présent dans chaque courriel; cela ne change rien à mes soins."
            ),
        },
    },
}
"""Never changed once shown to somebody: a new wording is a new version."""


def wording(version: str, channel: Channel, language: Language, clinic_name: str) -> str:
    """The wording as the patient sees it.

    Raises:
        KeyError: there is no such version.
    """
    return WORDING[version][channel][language].format(clinic=clinic_name)
