"""A mail server that follows a script: what it answers, when it is silent, when it hangs up."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CLOSE = "close"
HANG = "hang"
DRIP = "drip"
WELL = {
    "GREET": "220 ready",
    "EHLO": "250-script\r\n250 AUTH PLAIN",
    "AUTH": "235 in",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "BODY": "250 taken",
    "NOOP": "250 ok",
    "QUIT": "221 bye",
}


@dataclass
class Script:
    """`answers` by verb (GREET and BODY are ours): a reply, or CLOSE, HANG, DRIP; and what the server saw."""

    answers: dict[str, str]
    port: int = 0
    connections: int = 0
    verbs: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"smtp://127.0.0.1:{self.port}"


class _Handler(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        self.script = self.server.script
        self.script.connections += 1
        with suppress(OSError, EOFError):
            self.talk()

    def talk(self) -> None:
        self.say("GREET")
        while line := self.rfile.readline():
            verb = line.split()[0].decode(errors="replace").upper()
            self.script.verbs.append(verb)
            self.say("EHLO" if verb == "HELO" else verb)
            if verb == "DATA" and self.script.answers["DATA"] in {WELL["DATA"], HANG}:
                self.script.bodies.append(self.body())
                self.say("BODY")

    def body(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise EOFError
            lines.append(line)
        return b"".join(lines)

    def say(self, verb: str) -> None:
        answer = self.script.answers.get(verb, "502 no")
        if answer == CLOSE:
            raise EOFError
        if answer == HANG:
            self.script.released.wait(20)
            answer = WELL[verb]
        if answer == DRIP:
            for _ in range(100):
                self.wfile.write(b"2")
                time.sleep(0.1)
        self.wfile.write(answer.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    script: Script


@contextmanager
def serving(**changes: str) -> Iterator[Script]:
    """A server that behaves well but for `changes`; a HANG ends, with a good answer, when `released` is set."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.script = Script(WELL | changes, port=server.server_address[1])
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server.script
        server.script.released.set()
        server.shutdown()
