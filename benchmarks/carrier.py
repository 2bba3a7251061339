"""A stand-in for Twilio's create endpoint, as a process: answers after a fixed latency, counts, keeps nothing else.

Only for speed: the sandbox carrier, which knows Twilio's rules, is too slow to measure others by. Numbers that end in
one of `REFUSALS` are refused.
"""

import argparse
import contextlib
import json
import os
import time
from collections import Counter
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote_to_bytes

from benchmarks.carrier_wire import Reply, Server, response

LONGEST_LIFE_SECONDS = 3600.0

INVALID, OPTED_OUT, BUSY = 991, 992, 993
"""How numbers end that no text can reach, that have opted out at the carrier, and for which it has no time now."""

REFUSALS: Mapping[int, tuple[str, int]] = {
    INVALID: ("400 Bad Request", 21211),
    OPTED_OUT: ("400 Bad Request", 21610),
    BUSY: ("429 Too Many Requests", 20429),
}
"""The last three digits of a number -> the status and Twilio's error code that a text to it gets."""

_ENDINGS = {str(ending).encode(): refusal for ending, refusal in REFUSALS.items()}
_AT = "Tue, 10 Mar 2026 15:00:00 +0000"
_ACCOUNT = "AC" + "5a" * 16
_CREATED = json.dumps(
    {
        "account_sid": _ACCOUNT,
        "api_version": "2010-04-01",
        "date_created": _AT,
        "date_sent": None,
        "date_updated": _AT,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "status": "queued",
        "subresource_uris": {"media": f"/2010-04-01/Accounts/{_ACCOUNT}/Messages/SID/Media.json"},
        "uri": f"/2010-04-01/Accounts/{_ACCOUNT}/Messages/SID.json",
        "sid": "SID",
        "to": "TO",
        "from": "FROM",
        "body": "BODY",
    }
)
"""Twilio's answer in shape and size, with the words in capitals to be filled in."""

_TEMPLATE = _CREATED.replace("%", "%%").replace("SID", "%(sid)s")
_TEMPLATE = _TEMPLATE.replace('"TO"', "%(to)s").replace('"FROM"', "%(from)s").replace('"BODY"', "%(body)s")


def main() -> None:
    """Listen on a free loopback port, print it, and serve until told to stop, or an hour at most."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency-ms", type=float, default=20.0)
    carrier = Carrier(parser.parse_args().latency_ms / 1000)
    print(carrier.server.port, flush=True)
    parent, ends = os.getppid(), time.monotonic() + LONGEST_LIFE_SECONDS
    with contextlib.suppress(KeyboardInterrupt):
        carrier.server.serve(lambda: os.getppid() != parent or time.monotonic() > ends)


class Carrier:
    """Takes texts after `latency` seconds each and counts them."""

    def __init__(self, latency: float) -> None:
        self.server = Server(self._handle, latency)
        self._run = os.urandom(8).hex()
        self._reset()

    def _reset(self) -> None:
        self._texts: Counter[tuple[bytes, bytes]] = Counter()
        self._arrivals: dict[bytes, float] = {}
        self._requests = self._refused = 0
        self.server.peak = 0

    def _handle(self, head: bytes, body: bytes, arrived: float) -> Reply:
        if head.startswith(b"POST "):
            return Reply(self._create(body, arrived))
        path, _, query = head.split(b" ", 2)[1].decode().partition("?")
        return Reply(response("200 OK", json.dumps(self._told(path, parse_qs(query))).encode()), waits=False)

    def _create(self, body: bytes, arrived: float) -> bytes:
        form = dict(pair.split(b"=", 1) for pair in body.split(b"&"))
        to, text = form[b"To"], form[b"Body"]
        self._requests += 1
        self._arrivals.setdefault(to, arrived)
        if refusal := _ENDINGS.get(to[-3:]):
            self._refused += 1
            return _refused(*refusal)
        self._texts[to, text] += 1
        sid = f"SM{self._run}{self._requests:016x}"
        said = {"to": _json(to), "from": _json(form.get(b"From", b"")), "body": _json(text)}
        return response("201 Created", (_TEMPLATE % {"sid": sid, **said}).encode())

    def _told(self, path: str, query: Mapping[str, list[str]]) -> Mapping[str, float | None]:
        if path == "/reset":
            self._reset()
        elif path == "/arrival":
            return {"at": self._arrivals.get(query["To"][0].replace("+", "%2B").encode())}
        accepted = self._requests - self._refused
        return {
            "requests": self._requests,
            "accepted": accepted,
            "refused": self._refused,
            "duplicates": accepted - len(self._texts),
            "peak": self.server.peak,
            "cpu": time.process_time(),
        }


def _refused(status: str, code: int) -> bytes:
    more = f"https://www.twilio.com/docs/errors/{code}"
    content = {"code": code, "message": "Refused", "more_info": more, "status": int(status[:3])}
    return response(status, json.dumps(content).encode())


def _json(field: bytes) -> str:
    """A field of the form as a JSON string."""
    return json.dumps(unquote_to_bytes(field.replace(b"+", b" ")).decode())


if __name__ == "__main__":
    main()
