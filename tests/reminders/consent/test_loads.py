"""The newest entry of the ledger holds; an opt-out holds until it is lifted."""

from datetime import timedelta

from reminders.consent import consented, opted_out
from reminders.database import Database
from reminders.ids import new_id
from reminders.models import Clinic, OptOut
from reminders.models.kinds import Channel, ConsentAction, Purpose
from tests.reminders.outbox.rows import NOW, add_patient, ledger_entry


def test_the_newest_entry_for_aftercare_holds(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        patient, other = add_patient(session, clinic), add_patient(session, clinic)
        session.add(ledger_entry(patient, Channel.SMS, ConsentAction.WITHDRAWN, NOW))
        marketing = ledger_entry(patient, Channel.EMAIL, ConsentAction.WITHDRAWN, NOW)
        marketing.purpose = Purpose.MARKETING
        session.add(marketing)
        session.flush()
        found = consented(session, [patient.id, other.id])
        assert found == {(patient.id, Channel.EMAIL), (other.id, Channel.SMS), (other.id, Channel.EMAIL)}

        session.add(ledger_entry(patient, Channel.SMS, ConsentAction.GRANTED, NOW + timedelta(seconds=1)))
        session.flush()
        assert (patient.id, Channel.SMS) in consented(session, [patient.id])


def test_an_opt_out_holds_for_its_clinic_channel_and_address(database: Database, clinic: Clinic) -> None:
    rows = [("a", False, None), ("b", True, None), ("c", False, NOW)]
    with database.begin() as session:
        for address, by_carrier, lifted in rows:
            session.add(
                OptOut(
                    clinic_id=clinic.id,
                    channel=Channel.SMS,
                    address_index=address,
                    at=NOW,
                    source="reply",
                    by_carrier=by_carrier,
                    lifted_at=lifted,
                )
            )
        session.flush()
        asked = [(channel, address) for channel in Channel for address in "abcd"]
        assert opted_out(session, clinic.id, asked) == {(Channel.SMS, "a"): False, (Channel.SMS, "b"): True}
        assert opted_out(session, clinic.id, []) == {}
        assert opted_out(session, new_id(), asked) == {}
