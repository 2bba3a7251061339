"""The store: survives a restart, unreadable on disk, one process at a time."""

from pathlib import Path

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException

from reminders.crypto import Keyring
from reminders.errors import SettingsError
from reminders.sandbox.records import OUTBOUND, Record, new_sid
from reminders.sandbox.store import FILE_NAME, Store
from reminders.settings import Settings
from tests.conftest import NOW
from tests.reminders.sandbox.conftest import PATIENT, Clinic, Running, eventually, run_sandbox


def _delivered(running: Running) -> bool:
    return all(message["status"] == "delivered" for message in running.shown())


def test_a_second_start_keeps_messages_and_opt_outs(fresh: Settings, clinic: Clinic) -> None:
    with run_sandbox(fresh, clinic) as first:
        sid = first.send(body="Jour 1").sid
        eventually(lambda: _delivered(first), bool)
        first.http.post("/sandbox/replies", json={"from": PATIENT, "body": "STOP"}).raise_for_status()
        before = first.http.get("/sandbox/messages?everything=1").json()
    with run_sandbox(fresh, clinic) as second:
        assert second.http.get("/sandbox/messages?everything=1").json() == before
        assert second.twilio.messages(sid).fetch().body == "Jour 1"
        second.fault("carrier_handles_stop")
        with pytest.raises(TwilioRestException):
            second.send()
        assert second.send(to="+15145550124").sid > sid


def test_a_text_on_its_way_at_the_stop_arrives_after_the_next_start(fresh: Settings, clinic: Clinic) -> None:
    store = Store(fresh.data_dir / FILE_NAME, fresh.keyring())
    store.add(_queued(callback=f"{clinic.url}/late"))
    store.close()
    with run_sandbox(fresh, clinic) as running:
        assert eventually(lambda: _delivered(running), bool)
        forms = eventually(lambda: clinic.at("/late"), lambda forms: len(forms) == 2)
    assert [form["MessageStatus"] for form in forms] == ["sent", "delivered"]


def _queued(callback: str) -> Record:
    return Record(
        sid=new_sid(),
        channel="sms",
        direction=OUTBOUND,
        sender="+15145550100",
        recipient=PATIENT,
        body="x",
        status="queued",
        created_at=NOW,
        updated_at=NOW,
        callback=callback,
    )


def test_nothing_on_disk_can_be_read(fresh: Settings, clinic: Clinic) -> None:
    with run_sandbox(fresh, clinic) as running:
        running.send(body="Bonjour Marguerite")
        running.http.post("/sandbox/replies", json={"from": PATIENT, "body": "STOP"}).raise_for_status()
        held = b"".join(path.read_bytes() for path in fresh.data_dir.glob("sandbox.db*"))
    held += b"".join(path.read_bytes() for path in fresh.data_dir.glob("sandbox.db*"))
    assert len(held) > 1000
    for secret in (b"Marguerite", PATIENT.encode(), PATIENT[2:].encode()):
        assert secret not in held


def test_a_second_sandbox_on_the_same_file_is_refused(tmp_path: Path, keyring: Keyring) -> None:
    first = Store(tmp_path / "sandbox.db", keyring)
    with pytest.raises(SettingsError, match=r"cannot use sandbox\.db"):
        Store(tmp_path / "sandbox.db", keyring)
    first.close()
    Store(tmp_path / "sandbox.db", keyring).close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path, keyring: Keyring) -> None:
    (tmp_path / "sandbox.db").write_bytes(b"not a database, " * 100)
    with pytest.raises(SettingsError, match=r"cannot use sandbox\.db"):
        Store(tmp_path / "sandbox.db", keyring)


def test_only_what_our_software_sent_is_listed_newest_last(sandbox: Running) -> None:
    sandbox.send(body="one")
    sandbox.http.post("/sandbox/replies", json={"from": PATIENT, "body": "3"}).raise_for_status()
    sandbox.send(body="two", to="+15145550124")
    shown = sandbox.shown()
    assert [message["body"] for message in shown] == ["one", "two"]
    assert {"id", "channel", "to", "from", "body", "created_at", "status"} <= shown[0].keys()
    everything = sandbox.http.get("/sandbox/messages?everything=1").json()
    assert [message["body"] for message in everything] == ["one", "3", "two"]


def test_the_version_grows_with_every_change(sandbox: Running) -> None:
    def version(http: httpx.Client) -> int:
        return int(http.get("/sandbox/version").json()["version"])

    before = version(sandbox.http)
    assert version(sandbox.http) == before
    sandbox.send()
    assert version(sandbox.http) > before
