"""What somebody typed on a phone of the sandbox, with a picture, read into memory: it may be a real patient's."""

from dataclasses import dataclass, field

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from reminders.sandbox.hosting import MOST_BYTES


@dataclass(frozen=True, slots=True)
class Typed:
    """The words, the clinic's number if the phone knows several, and a picture with its declared type."""

    body: str = ""
    to: str = ""
    picture: bytes = field(default=b"", repr=False)
    content_type: str = ""

    @property
    def is_too_large(self) -> bool:
        """Whether no carrier would take the picture."""
        return len(self.picture) > MOST_BYTES


class _InMemory(MultiPartParser):
    spool_max_size = 128 * 1024 * 1024


async def typed(request: Request) -> Typed:
    """The phone's form; what is no form is nothing typed."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        fields = await request.form()
        return Typed(str(fields.get("body", "")), str(fields.get("to", "")))
    try:
        form = await _InMemory(request.headers, request.stream(), max_files=1, max_fields=10).parse()
    except MultiPartException:
        return Typed()
    picture = form.get("picture")
    said = {name: value for name, value in form.items() if isinstance(value, str)}
    if not isinstance(picture, UploadFile) or not picture.filename:
        return Typed(said.get("body", ""), said.get("to", ""))
    kind = picture.content_type or "application/octet-stream"
    return Typed(said.get("body", ""), said.get("to", ""), await picture.read(), kind)
