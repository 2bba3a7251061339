"""Invitations, passwords, lockout, sessions and API keys, on both databases."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from pwdlib import PasswordHash
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from reminders.care import staff
from reminders.care.staff import NewStaff
from reminders.database import Database
from reminders.errors import InvalidInputError
from reminders.models import ApiKey, Clinic, Staff, StaffSession
from tests.conftest import NOW

EMAIL, PASSWORD = "Karine.Roy@example.org", "a long pass phrase"
NEW = NewStaff("Karine Roy", EMAIL, "owner", "fr")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def karine(database: Database, clinic: Clinic) -> UUID:
    """Somebody with a password."""
    with database.begin() as session:
        person = staff.redeem(session, staff.invite(session, clinic.id, NEW, NOW), NOW)
        assert person is not None
        staff.set_password(session, person, PASSWORD, NOW)
        return person.id


def test_a_link_works_once_and_for_a_week(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        token = staff.invite(session, clinic.id, NEW, NOW)
        assert staff.redeem(session, token + "x", NOW) is None
        assert staff.redeem(session, token, NOW + timedelta(days=7)) is None
        person = staff.redeem(session, token, NOW + timedelta(days=6, hours=23))
        assert person is not None
        assert person.name == "Karine Roy"
        assert staff.redeem(session, token, NOW) is None
        link = staff.new_link(session, person, NOW)
        assert staff.redeem(session, link, NOW + timedelta(hours=25)) is None


def test_only_hashes_are_kept(database: Database, clinic: Clinic, karine: UUID) -> None:
    with database.begin() as session:
        person = session.get_one(Staff, karine)
        secrets = [
            staff.new_link(session, person, NOW),
            staff.open_session(session, person, NOW).token,
            staff.new_api_key(session, clinic.id, "Practice system", NOW),
        ]
    with database.engine.connect() as connection:
        tables = ("sign_in_link", "staff_session", "api_key", "staff")
        stored = " ".join(str(row) for table in tables for row in connection.execute(text(f"SELECT * FROM {table}")))
    assert not [secret for secret in (*secrets, PASSWORD, EMAIL, "Karine") if secret in stored]
    assert "$argon2id$" in stored


def fail(session: Session, now: datetime) -> None:
    """A sign-in with a wrong password, without the slow hash."""
    assert staff.end_sign_in(session, staff.begin_sign_in(session, EMAIL, now), matches=False, now=now) is None


@pytest.mark.parametrize("typed", [EMAIL, EMAIL.lower(), f" {EMAIL.upper()} "])
def test_signs_in(database: Database, karine: UUID, typed: str) -> None:
    with database.begin() as session:
        person = staff.sign_in(session, typed, PASSWORD, NOW)
        assert person is not None
        assert person.id == karine


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "wrong"), (EMAIL, ""), ("nobody@example.org", PASSWORD), ("", ""), (EMAIL, "x" * 100_000), ("\0", "\0")],
)
def test_does_not_sign_in(database: Database, karine: UUID, email: str, password: str) -> None:
    with database.begin() as session:
        assert staff.sign_in(session, email, password, NOW) is None


def test_somebody_invited_without_a_password_or_disabled_does_not_sign_in(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        token = staff.invite(session, clinic.id, NEW, NOW)
        assert staff.sign_in(session, EMAIL, "", NOW) is None
        assert staff.sign_in(session, EMAIL, "nobody has this password", NOW) is None
        person = staff.redeem(session, token, NOW)
        assert person is not None
        staff.set_password(session, person, PASSWORD, NOW)
        opened = staff.open_session(session, person, NOW)
        link = staff.new_link(session, person, NOW)
        person.disabled_at = NOW
        session.flush()
        assert staff.sign_in(session, EMAIL, PASSWORD, NOW) is None
        assert staff.find_session(session, opened.token, NOW) is None
        assert staff.redeem(session, link, NOW) is None


def test_wrong_passwords_lock_for_longer_and_longer_but_never_for_good(database: Database, karine: UUID) -> None:
    now, waits = NOW, []
    with database.begin() as session:
        for _ in range(5):
            fail(session, now)
        assert staff.sign_in(session, EMAIL, PASSWORD, now) is None, "locked, even for the right password"
        for _ in range(7):
            session.expire_all()
            locked_until = session.get_one(Staff, karine).locked_until
            assert locked_until is not None
            waits.append(locked_until - now)
            now = locked_until
            fail(session, now)
        assert waits == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 240, 480, 900, 900)]
        assert staff.sign_in(session, EMAIL, PASSWORD, now + 15 * MINUTE) is not None
        assert session.get_one(Staff, karine).failed_sign_ins == 0


def test_tries_while_locked_do_not_prolong_it_and_a_link_ends_it(database: Database, karine: UUID) -> None:
    with database.begin() as session:
        for _ in range(20):
            fail(session, NOW)
        session.expire_all()
        person = session.get_one(Staff, karine)
        assert person.failed_sign_ins == 5
        assert staff.redeem(session, staff.new_link(session, person, NOW), NOW) is not None
        session.flush()
        assert staff.sign_in(session, EMAIL, PASSWORD, NOW) is not None


def test_old_failures_are_forgiven(database: Database, karine: UUID) -> None:
    with database.begin() as session:
        for _ in range(5):
            fail(session, NOW)
        fail(session, NOW + timedelta(hours=2))
        assert staff.sign_in(session, EMAIL, PASSWORD, NOW + timedelta(hours=2)) is not None


def test_an_unknown_address_takes_the_same_work(
    database: Database, karine: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    verify = PasswordHash.verify

    def counting(self: PasswordHash, password: str, stored: str) -> bool:
        hashed.append(stored[:9])
        return verify(self, password, stored)

    monkeypatch.setattr(PasswordHash, "verify", counting)
    with database.begin() as session:
        for email in (EMAIL, "nobody@example.org"):
            staff.sign_in(session, email, "wrong", NOW)
    assert hashed == ["$argon2id", "$argon2id"]


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "password_too_short"),
        ("x" * 201, "password_too_long"),
        (EMAIL.lower(), "password_is_email"),
        ("karine.roy", "password_is_email"),
        ("aaaaaaaaaaaa", "password_repeats"),
    ],
)
def test_refuses_passwords(database: Database, karine: UUID, password: str, problem: str) -> None:
    with database.begin() as session:
        person = session.get_one(Staff, karine)
        with pytest.raises(InvalidInputError) as error:
            staff.set_password(session, person, password, NOW)
        assert error.value.problems["password"].key == problem
        assert staff.sign_in(session, EMAIL, PASSWORD, NOW) is not None


def test_a_composed_password_is_one_on_every_keyboard(database: Database, karine: UUID) -> None:
    with database.begin() as session:
        staff.set_password(session, session.get_one(Staff, karine), "réveillon à Gaspé", NOW)
        assert staff.sign_in(session, EMAIL, "re\u0301veillon a\u0300 Gaspe\u0301", NOW) is not None


@pytest.mark.parametrize(
    ("new", "phone", "on_call"),
    [
        (NewStaff("X", "x@example.org", phone="514 555-0160", on_call=True), "+15145550160", True),
        (NewStaff("X", "x@example.org", phone=" "), None, False),
    ],
)
def test_who_is_on_call_and_by_what_number(
    database: Database, clinic: Clinic, new: NewStaff, phone: str | None, *, on_call: bool
) -> None:
    with database.begin() as session:
        staff.invite(session, clinic.id, new, NOW)
        person = session.scalars(select(Staff)).one()
        assert (person.phone, person.on_call) == (phone, on_call)


@pytest.mark.parametrize(
    ("new", "field", "problem"),
    [
        (NewStaff("", "x@example.org"), "name", "name_missing"),
        (NewStaff("X", "x"), "email", "email_impossible"),
        (NewStaff("X", EMAIL.lower()), "email", "staff_exists"),
        (NewStaff("X", "x@example.org", "boss"), "role", "role_unknown"),
        (NewStaff("X", "x@example.org", "staff", "es"), "language", "language_unknown"),
        (NewStaff("X\n", "x@example.org"), "name", "control_characters"),
        (NewStaff("X", "x@example.org", phone="12"), "phone", "phone_impossible"),
    ],
)
def test_refuses_invitations(
    database: Database, clinic: Clinic, karine: UUID, new: NewStaff, field: str, problem: str
) -> None:
    with database.begin() as session:
        with pytest.raises(InvalidInputError) as error:
            staff.invite(session, clinic.id, new, NOW)
        assert {name: found.key for name, found in error.value.problems.items()} == {field: problem}


def test_a_session_ends_when_idle_when_old_and_when_signed_out(database: Database, karine: UUID) -> None:
    hours = [timedelta(hours=count) for count in range(0, 24 * 8, 11)]
    with database.begin() as session:
        person = session.get_one(Staff, karine)
        idle, busy, out = (staff.open_session(session, person, NOW) for _ in range(3))
        found = staff.find_session(session, out.token, NOW)
        assert found is not None
        assert (found.staff.id, found.csrf_token, found.is_stale) == (karine, out.csrf_token, False)
        staff.sign_out(session, found.session_id, NOW)
        assert staff.find_session(session, out.token, NOW) is None
        assert staff.find_session(session, "x", NOW) is None
        assert staff.find_session(session, idle.token, NOW + timedelta(hours=11, minutes=59)) is not None
        assert staff.find_session(session, idle.token, NOW + timedelta(hours=12)) is None
        lasted = []
        for later in hours:
            found = staff.find_session(session, busy.token, NOW + later)
            if found is not None:
                staff.touch(session, found.session_id, NOW + later)
                lasted.append(later)
        assert max(lasted) == timedelta(hours=165)
        assert max(lasted) < timedelta(days=7) <= max(lasted) + timedelta(hours=11)


def test_a_new_password_ends_every_session(database: Database, karine: UUID) -> None:
    with database.begin() as session:
        person = session.get_one(Staff, karine)
        opened = staff.open_session(session, person, NOW)
        staff.set_password(session, person, "another long phrase", NOW)
        assert staff.find_session(session, opened.token, NOW) is None


def test_sessions_that_are_over_are_swept_away(database: Database, karine: UUID) -> None:
    with database.begin() as session:
        person = session.get_one(Staff, karine)
        staff.open_session(session, person, NOW)
        staff.open_session(session, person, NOW + timedelta(days=1))
        assert len(session.scalars(select(StaffSession)).all()) == 1


def test_api_keys(database: Database, clinic: Clinic) -> None:
    with database.begin() as session:
        key = staff.new_api_key(session, clinic.id, " Practice system ", NOW)
        found = staff.find_api_key(session, key, NOW)
        assert found is not None
        assert (found.clinic_id, found.name) == (clinic.id, "Practice system")
        assert staff.find_api_key(session, key[:-1], NOW) is None
        staff.note_api_use(session, found, NOW)
        session.expire_all()
        assert session.scalars(select(ApiKey.last_used_at)).one() == NOW
        found.expires_at = NOW + MINUTE
        session.flush()
        assert staff.find_api_key(session, key, NOW + MINUTE) is None
        staff.revoke_api_key(session, clinic.id, found.id, NOW)
        assert staff.find_api_key(session, key, NOW) is None
        with pytest.raises(InvalidInputError):
            staff.new_api_key(session, clinic.id, " ", NOW)
