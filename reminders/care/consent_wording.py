"""What a patient agrees to, word for word, by version, channel and language."""

from collections.abc import Mapping

from reminders.models.kinds import Channel, Language, Purpose

CURRENT = "2026-11"
"""The version on aftercare that forms show."""

CURRENT_FOR: Mapping[Purpose, str] = {Purpose.AFTERCARE: CURRENT, Purpose.MARKETING: "marketing-2026-11"}
"""The version that forms show, by purpose. A version is about one purpose."""

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
    "marketing-2026-11": {
        Channel.SMS: {
            Language.EN: (
                "I also agree to receive offers and news from {clinic} by text message at this number. This is apart "
                "from the messages about my care, which do not hang on it. Message and data rates may apply. I can "
                "withdraw this consent at any time by telling the clinic, or stop all texts by replying STOP."
            ),
            Language.FR: (
                "J’accepte aussi de recevoir par texto, à ce numéro, les offres et les nouvelles de {clinic}. C’est "
                "distinct des messages sur mes soins, qui n’en dépendent pas. Des frais de messagerie et de données "
                "peuvent s’appliquer. Je peux retirer ce consentement en tout temps auprès de la clinique, ou arrêter "
                "tous les textos en répondant ARRET."
            ),
        },
        Channel.EMAIL: {
            Language.EN: (
                "I also agree to receive offers and news from {clinic} by e-mail at this address. This is apart from "
                "the messages about my care, which do not hang on it. I can withdraw this consent at any time by "
                "telling the clinic, or stop all e-mails with the link in each of them."
            ),
            Language.FR: (
                "J’accepte aussi de recevoir par courriel, à cette adresse, les offres et les nouvelles de {clinic}. "
                "C’est distinct des messages sur mes soins, qui n’en dépendent pas. Je peux retirer ce consentement "
                "en tout temps auprès de la clinique, ou arrêter tous les courriels par le lien présent dans chacun."
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
