"""Texts and calls to a number of the account that is no sender of ours: kept, whoever's they are (promise 5).

Seen to fail when: such a text was refused with 404; it was answered like any other text of the first clinic.
"""

from typing import Any

import pytest

from reminders.care import clinics, patients
from reminders.care.actors import Actor
from reminders.care.patient_input import PatientInput
from reminders.models import Clinic, Message, OptOut, Sender
from reminders.models.kinds import Channel, MessageKind, TicketKind
from tests.web.conftest import TODAY
from tests.web.webhooks.conftest import PATIENT_PHONE, Carrier

UNKNOWN = "+14385550188"
SECOND = "+14385550177"


@pytest.fixture
def second(carrier: Carrier, settings: Any) -> Clinic:
    """A second clinic, with a number of its own on the same account."""
    with carrier.database.begin() as session:
        clinic = clinics.create_clinic(
            session, clinics.NewClinic("Clinique du Parc", phone="+15145550117", address="1, rue A"), settings, TODAY
        )
        own = Sender(clinic_id=clinic.id, channel=Channel.SMS, account=carrier.account, address=SECOND)
        own.next_free_at = own.created_at = TODAY
        session.add(own)
    return clinic


def _knows(carrier: Carrier, clinic: Clinic) -> None:
    with carrier.database.begin() as session:
        given = PatientInput(given_name="Marie", family_name="Tremblay", language="fr", phone=PATIENT_PHONE)
        patients.add(session, Actor(clinic.id, "form"), clinic, patients.clean(given, clinic), TODAY)


def _text(carrier: Carrier, body: str) -> None:
    whatsapp = {"To": f"whatsapp:{UNKNOWN}", "From": f"whatsapp:{PATIENT_PHONE}"}
    assert carrier.inbound(carrier.text(body, **whatsapp)).status_code == 200


def _sent(carrier: Carrier) -> list[MessageKind]:
    return sorted(message.kind for message in carrier.rows(Message))


def test_it_is_for_the_clinic_that_knows_who_wrote(carrier: Carrier, second: Clinic) -> None:
    """As if the number were theirs."""
    _knows(carrier, second)
    _text(carrier, "Puis-je me maquiller?")
    reply = carrier.replies[0]
    assert (reply.clinic_id, reply.patient_id is not None, reply.sender_address) == (second.id, True, PATIENT_PHONE)
    assert [ticket.kind for ticket in carrier.tickets] == [TicketKind.QUESTION]


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("body", ["Puis-je me maquiller?", "3", "AIDE", "START", "STOP"])
def test_it_is_for_the_first_clinic_where_nobody_knows_or_both_do(
    carrier: Carrier, second: Clinic, body: str, known: bool
) -> None:
    """Staff are told; no text goes out in the name of a clinic that may be the wrong one."""
    for clinic in (carrier.clinic, second) if known else ():
        _knows(carrier, clinic)
    _text(carrier, body)
    assert [(reply.clinic_id, reply.patient_id) for reply in carrier.replies] == [(carrier.clinic.id, None)]
    told = [(ticket.kind, ticket.reason) for ticket in carrier.tickets]
    assert told == [(TicketKind.UNKNOWN_SENDER, "unknown_number")]
    assert _sent(carrier) == []
    assert len(carrier.rows(OptOut)) == (body == "STOP")


def test_a_red_flag_in_it_alerts(carrier: Carrier, second: Clinic) -> None:
    """The safety text goes; whose it is, is for staff to find out."""
    for clinic in (carrier.clinic, second):
        _knows(carrier, clinic)
    _text(carrier, "J'ai de la fièvre et du pus")
    told = {(ticket.kind, ticket.reason) for ticket in carrier.tickets}
    assert told == {
        (TicketKind.RED_FLAG, "unknown_number"),
        (TicketKind.UNKNOWN_SENDER, "unknown_number"),
        # Nobody works here in this test, which staff would have to hear of, too.
        (TicketKind.DELIVERY, "nobody_to_alert"),
    }
    assert MessageKind.SAFETY in _sent(carrier)
    assert MessageKind.ANSWER not in _sent(carrier)


def test_a_call_hears_no_clinics_name(carrier: Carrier, second: Clinic) -> None:
    """It is kept, and told where to turn in an emergency."""
    fields = {"CallSid": "CA1", "AccountSid": carrier.account, "From": PATIENT_PHONE, "To": UNKNOWN}
    answer = carrier.post("/webhooks/twilio/voice", list(fields.items()))
    assert answer.status_code == 200
    assert "911" in answer.text
    assert carrier.clinic.name not in answer.text
    assert second.name not in answer.text
    assert [ticket.reason for ticket in carrier.tickets] == ["voice_call"]


def test_an_account_without_any_clinic_is_refused(carrier: Carrier) -> None:
    """There is nobody whom it could be for."""
    with carrier.database.begin() as session:
        session.query(Sender).filter(Sender.channel == Channel.SMS).delete()
    assert carrier.inbound(carrier.text("3")).status_code == 404
