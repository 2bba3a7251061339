"""A small HTTP/1.1 server on epoll: requests in whole, answers after a delay, as little CPU as Python allows.

For the stand-in carrier alone: it trusts its clients, which are on loopback, and every delay it is given is the same.
"""

import select
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

Handle = Callable[[bytes, bytes, float], "Reply"]
"""From a request's head, its body and the time of arrival (monotonic seconds) to the reply."""

_CHUNK = 65_536
_LOOK_UP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole response, and whether it waits for the delay."""

    response: bytes
    waits: bool = True


class Server:
    """Answers what `handle` says, `delay` seconds after the arrival where it waits."""

    def __init__(self, handle: Handle, delay: float) -> None:
        self.peak = 0
        self._handle = handle
        self._delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.settimeout(0)
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._clients: dict[int, socket.socket] = {}
        self._unfinished: dict[int, bytes] = {}
        # One delay for all, so that what arrives first is due first.
        self._due: deque[tuple[float, socket.socket, bytes]] = deque()

    @property
    def port(self) -> int:
        """Where it listens, on loopback."""
        port: int = self._listener.getsockname()[1]
        return port

    def serve(self, is_over: Callable[[], bool]) -> None:
        """Serve until `is_over`, which is asked twice a second."""
        while not is_over():
            ends = time.monotonic() + _LOOK_UP_SECONDS
            while time.monotonic() < ends:
                self._turn()

    def _turn(self) -> None:
        for descriptor, _ in self._epoll.poll(self._patience()):
            if descriptor == self._listener.fileno():
                self._accept()
            else:
                self._read(descriptor)
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            _, client, answer = self._due.popleft()
            _send(client, answer)

    def _patience(self) -> float:
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else _LOOK_UP_SECONDS

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.settimeout(0)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._clients[client.fileno()] = client
        self._epoll.register(client, select.EPOLLIN)

    def _read(self, descriptor: int) -> None:
        client = self._clients[descriptor]
        try:
            given = client.recv(_CHUNK)
        except ConnectionError:
            given = b""
        if not given:
            self._unfinished.pop(descriptor, None)
            self._epoll.unregister(descriptor)
            self._clients.pop(descriptor).close()
            return
        left = self._take_requests(client, self._unfinished.pop(descriptor, b"") + given)
        if left:
            self._unfinished[descriptor] = left

    def _take_requests(self, client: socket.socket, given: bytes) -> bytes:
        """Handle every whole request; what is left of the next one."""
        while (end := given.find(b"\r\n\r\n")) >= 0:
            whole = end + 4 + _content_length(given[:end])
            if len(given) < whole:
                break
            now = time.monotonic()
            reply = self._handle(given[:end], given[end + 4 : whole], now)
            if reply.waits:
                self._due.append((now + self._delay, client, reply.response))
                self.peak = max(self.peak, len(self._due))
            else:
                _send(client, reply.response)
            given = given[whole:]
        return given


def response(status: str, content: bytes) -> bytes:
    """A JSON response on a connection that stays open; `status` is HTTP's, as in "201 Created"."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def _send(client: socket.socket, given: bytes) -> None:
    try:
        # A kilobyte for a client that waits for it: there is room.
        client.send(given)
    except OSError:
        """The client has gone: nobody to tell."""


def _content_length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    return int(head[at + 17 :].partition(b"\r\n")[0]) if at >= 0 else 0
