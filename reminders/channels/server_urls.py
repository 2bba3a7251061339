"""What the URL of a mail server or a mailbox says: `imaps://user:pass@host:port/path?starttls=1`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

Tls: TypeAlias = Literal["none", "starttls", "implicit"]

_NO = frozenset({"0", "", "no", "false"})


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """Its parts; `port` is None where the URL names none, `asked` each of its options, as yes or no."""

    host: str
    port: int | None
    user: str = field(repr=False)
    password: str = field(repr=False)
    path: str
    tls: Tls
    asked: Mapping[str, bool]


def read_server_url(url: str, implicit: str) -> ServerUrl:
    """The parts of `url`; by the scheme `implicit` it speaks TLS from the start. ValueError if it cannot be read."""
    parts = urlsplit(url)
    asked = {name: values[-1] not in _NO for name, values in parse_qs(parts.query).items()}
    tls: Tls = "implicit" if parts.scheme == implicit else "starttls" if asked.get("starttls") else "none"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return ServerUrl(parts.hostname or "", parts.port, user, password, unquote(parts.path.strip("/")), tls, asked)
