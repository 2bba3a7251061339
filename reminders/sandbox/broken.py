"""An answer whose connection breaks before its body comes."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_PROMISED_BYTES = b"512"


class BrokenResponse(Response):
    """Announces a body and never sends it: the server then closes the connection, as when a line breaks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head of a response alone."""
        headers = [(b"content-length", _PROMISED_BYTES), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 500, "headers": headers})
