"""What a browser posted, read strictly: bytes that are not text never get further than here."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_MOST_FIELDS = 200


@dataclass(frozen=True)
class Form:
    """Posted fields by name. A field that came several times keeps all its values, in order."""

    fields: Mapping[str, tuple[str, ...]]

    def get(self, name: str) -> str:
        """A field's first value, trimmed; "" when it did not come."""
        return next(iter(self.fields.get(name, ())), "").strip()

    def raw(self, name: str) -> str:
        """A field's first value with its blanks, which belong to a password."""
        return next(iter(self.fields.get(name, ())), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field: the ticked boxes of a group."""
        return self.fields.get(name, ())

    def ticked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.get(name))


async def submitted(request: Request) -> Form:
    """The form in a request's body.

    Raises:
        HTTPException: 400 for what is not UTF-8 text or has too many fields; 415 for another kind of body.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {_FORM, ""}:
        raise HTTPException(415)
    return parse(await request.body())


async def submitted_by_program(request: Request) -> Form:
    """The form in a body of whatever kind: mail programs post one-click requests as multipart, too.

    Raises:
        HTTPException: 400 for what is not UTF-8 text.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _MULTIPART:
        return parse(await request.body())
    async with request.form(max_files=0, max_fields=_MOST_FIELDS) as sent:
        return Form({name: (value,) for name, value in sent.multi_items() if isinstance(value, str)})


def parse(body: bytes) -> Form:
    """A URL-encoded body as a form.

    Raises:
        HTTPException: 400, as for `submitted`.
    """
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400) from error
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        # No database column and no text message holds a NUL; PostgreSQL refuses it with an error.
        if "\0" in value:
            raise HTTPException(400)
        fields[name] = (*fields.get(name, ()), value.replace("\r\n", "\n"))
    return Form(fields)
