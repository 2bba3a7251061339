"""Who is on call, in words: for Today, the page on sending, and the commands."""

from reminders.care.hand_overs import OnCall, Rota
from reminders.web.i18n import Catalogue, catalogue
from reminders.web.moments import Words


def rota_lines(rota: Rota, words: Words) -> list[str]:
    """Who is on call now, then each hand-over to come."""
    texts = catalogue(words.language)
    now = [texts.text("on_call.now", who=_who(one, texts)) for one in rota.now]
    coming = [texts.text("on_call.next", moment=words.moment(one.at), who=_who(one.who, texts)) for one in rota.next]
    return [*(now or [texts.text("on_call.nobody")]), *coming]


def _who(one: OnCall, texts: Catalogue) -> str:
    by = ", ".join(texts.text(f"channel.{channel}").lower() for channel in one.channels)
    return f"{one.name} ({by or texts.text('on_call.unreachable')})"
