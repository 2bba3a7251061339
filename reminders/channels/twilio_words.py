"""What of Twilio's answers may go any further: one odd word would spoil the settlement of its whole group."""

import re

_CODE = re.compile(r"[\x21-\x7e]{1,32}")
_SID = re.compile(r"[\x21-\x7e]{1,64}")


def code_in(said: object) -> str:
    """An error code; "" for what is none, or none that a column holds."""
    code = str(said) if isinstance(said, int | str) and said else ""
    return code if _CODE.fullmatch(code) else ""


def sid_in(said: object) -> str:
    """A message's id; "" for what is none, or none that a column holds."""
    return said if isinstance(said, str) and _SID.fullmatch(said) else ""


def text_in(said: object) -> str:
    """Words that can be encoded, lone surrogates replaced; "" for what is no text."""
    return said.encode(errors="replace").decode() if isinstance(said, str) else ""
