"""Twilio's default opt-out keywords: English, and only as the whole message."""

STOP = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
START = frozenset({"START", "YES", "UNSTOP"})


def opt_out_change(body: str) -> bool | None:
    """True when the message opts out, False when it opts back in, None when it does neither."""
    word = body.strip().upper()
    if word in STOP:
        return True
    return False if word in START else None
