"""The sandbox's own JSON: what was sent, a patient's text, and what shall go wrong."""

from fastapi import APIRouter, HTTPException, Response
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from reminders.sandbox.carrier import Carrier, PatientText
from reminders.sandbox.faults import Fault, FaultKind
from reminders.sandbox.hosting import MOST_BYTES, held
from reminders.sandbox.records import INBOUND, Media, Record
from reminders.settings import SANDBOX_NUMBER

_MAX_BODY = 100_000
_E164 = r"^\+[1-9][0-9]{6,14}$"


class MediaIn(BaseModel):
    """An attachment of a patient's text: the file itself in base64, which the sandbox then keeps as Twilio does, or
    the address that the webhook shall name, whatever it is."""

    url: str = Field("", max_length=2000)
    content_type: str = Field("image/jpeg", max_length=100)
    data: Base64Bytes = Field(b"", max_length=MOST_BYTES)


class ReplyIn(BaseModel):
    """A patient's text. `repeat` brings it several times under one sid, as a carrier may."""

    model_config = ConfigDict(extra="forbid")

    sender: str = Field(alias="from", pattern=_E164)
    to: str = Field(SANDBOX_NUMBER, pattern=_E164)
    body: str = Field("", max_length=_MAX_BODY)
    media: list[MediaIn] = Field(default_factory=list, max_length=10)
    sid: str = Field("", pattern="^((SM|MM)[0-9a-fA-F]{32})?$")
    opt_out_type: str = Field("", max_length=20)
    repeat: int = Field(1, ge=1, le=100)


class FaultIn(BaseModel):
    """What to do wrong the next `times` times."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    times: int = Field(1, ge=1, le=1_000_000)
    seconds: float | None = Field(None, ge=0, le=3600)
    code: int | None = Field(None, ge=100, le=99999)
    status: int | None = Field(None, ge=400, le=599)


def controls_router(carrier: Carrier) -> APIRouter:
    """Reading and steering the sandbox."""
    api = APIRouter(prefix="/sandbox", include_in_schema=False)
    _add_reading(api, carrier)
    _add_patients(api, carrier)
    _add_steering(api, carrier)
    return api


def _add_reading(api: APIRouter, carrier: Carrier) -> None:
    @api.get("/messages")
    def messages(*, everything: bool = False) -> list[dict[str, object]]:
        """What our software sent, newest last; patients' own texts too with ?everything=1."""
        return [_shown(record) for record in carrier.store.all() if everything or record.direction != INBOUND]

    @api.get("/messages/{sid}/raw")
    def raw(sid: str) -> Response:
        """An e-mail as it came."""
        record = carrier.store.get(sid)
        if record is None or record.channel != "email":
            raise HTTPException(404)
        return Response(record.raw.encode("utf-8", "surrogateescape"), media_type="text/plain; charset=utf-8")

    @api.get("/version")
    def version() -> dict[str, int]:
        """A number that grows with every change: what the pages poll."""
        return {"version": carrier.store.version}


def _add_patients(api: APIRouter, carrier: Carrier) -> None:
    @api.post("/replies")
    async def reply(text: ReplyIn) -> dict[str, object]:
        """Bring a patient's text to our webhook; `status` is the HTTP status of its (last) answer, null if none."""
        brought = await carrier.bring(_patient_text(text))
        return {
            "sid": brought.record.sid,
            "status": brought.statuses[-1],
            "statuses": brought.statuses,
            "answers": brought.answers,
        }


def _add_steering(api: APIRouter, carrier: Carrier) -> None:
    @api.post("/faults", status_code=204)
    def set_fault(fault: FaultIn) -> None:
        carrier.faults.set(Fault(fault.kind, fault.seconds, fault.code, fault.status), fault.times)

    @api.delete("/faults", status_code=204)
    def clear_faults() -> None:
        carrier.faults.clear()

    @api.post("/reset", status_code=204)
    def reset() -> None:
        carrier.reset()


def _patient_text(text: ReplyIn) -> PatientText:
    media = tuple(
        held(one.data, one.content_type) if one.data else Media(one.url, one.content_type) for one in text.media
    )
    return PatientText(text.sender, text.to, text.body, media, text.sid, text.opt_out_type, text.repeat)


def _shown(record: Record) -> dict[str, object]:
    shown: dict[str, object] = {
        "id": record.sid,
        "channel": record.channel,
        "direction": record.direction,
        "to": record.recipient,
        "from": record.sender,
        "body": record.body,
        "created_at": record.created_at.isoformat(),
        "status": record.status,
        "error_code": record.error_code,
    }
    if record.channel == "email":
        shown |= {"subject": record.subject, "message_id": record.message_id, "list_unsubscribe": record.unsubscribe}
    return shown
