"""People who sign in: inviting them, their passwords, and a lockout that cannot keep the right person out for good."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reminders.care.addresses import clean_email, clean_phone, email_key, region_of
from reminders.care.staff.passwords import check_password, hash_password, matches
from reminders.care.staff.sessions import INVITATION_LASTS, new_link, sign_out_everywhere
from reminders.care.texts_in import one_line, text_problem
from reminders.database import keyring_of
from reminders.errors import InvalidInputError, Problem
from reminders.ids import new_id
from reminders.models import Clinic, Staff
from reminders.models.kinds import Language, Role

FREE_TRIES = 5
"""So many wrong passwords cost nothing; each further one doubles the wait."""

_WAITS = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 240, 480, 900))
_FORGIVEN_AFTER = timedelta(hours=1)
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class NewStaff:
    """Somebody to invite, as typed: `role` is owner, staff or viewer; `language` en or fr.

    Who is `on_call` is alerted of red flags: by e-mail, and by text where they left a `phone`.
    """

    name: str
    email: str
    role: str = Role.STAFF.value
    language: str = Language.FR.value
    phone: str = ""
    on_call: bool = False


@dataclass(frozen=True, slots=True)
class SignInTry:
    """What a sign-in is checked against: a stored hash, or none. Whether it exists, nobody outside learns."""

    staff_id: uuid.UUID | None
    password_hash: str | None


def invite(session: Session, clinic_id: uuid.UUID, new: NewStaff, now: datetime) -> str:
    """Add somebody to a clinic; the token of their invitation, a one-time link that works for 7 days.

    Raises:
        InvalidInputError: see `add`.
    """
    return new_link(session, add(session, clinic_id, new, now), now, INVITATION_LASTS)


def add(session: Session, clinic_id: uuid.UUID, new: NewStaff, now: datetime) -> Staff:
    """Add somebody to a clinic, who cannot come in yet.

    Raises:
        InvalidInputError: name_missing, too_long, control_characters, email_impossible, role_unknown,
            language_unknown, phone_impossible, on on_call viewer_on_call, or on email staff_exists (an address signs in
            to one clinic).
    """
    email, phone = _checked(session, new, _region(session, clinic_id))
    staff = Staff(
        id=new_id(),
        clinic_id=clinic_id,
        name=one_line(new.name),
        email=email,
        email_index=_index(session, email),
        phone=phone,
        role=Role(new.role),
        language=Language(new.language),
        failed_sign_ins=0,
        on_call=new.on_call,
        created_at=now,
    )
    session.add(staff)
    session.flush()
    return staff


def find_owner(session: Session, clinic_id: uuid.UUID, email: str) -> Staff:
    """The owner of the clinic who signs in with this address.

    Raises:
        InvalidInputError: on approver approver_unknown: nobody, or no owner of this clinic.
    """
    whose = (Staff.clinic_id == clinic_id, Staff.email_index == _index(session, email.strip()))
    found = session.scalar(select(Staff).where(*whose, Staff.role == Role.OWNER, Staff.disabled_at.is_(None)))
    if found is None:
        raise InvalidInputError({"approver": Problem("approver_unknown")})
    return found


def set_password(session: Session, staff: Staff, password: str, now: datetime) -> None:
    """Give `staff` a password; every session of theirs ends, so open one anew.

    Raises:
        InvalidInputError: see `passwords.check_password`.
    """
    check_password(password, staff.email)
    staff.password_hash = hash_password(password)
    staff.failed_sign_ins, staff.locked_until = 0, None
    sign_out_everywhere(session, staff.id, now)
    session.flush()


def sign_in(session: Session, email: str, password: str, now: datetime) -> Staff | None:
    """Who signs in by these; None for any other reason, which takes as long and does not say which.

    It hashes for some 100 ms inside the caller's transaction; where that matters, do its three parts one by one.
    """
    known = begin_sign_in(session, email, now)
    return end_sign_in(session, known, matches=check_sign_in(known, password), now=now)


def begin_sign_in(session: Session, email: str, now: datetime) -> SignInTry:
    """What to check a password against. While an account is locked, or unknown, that is nothing."""
    staff = session.scalar(select(Staff).where(Staff.email_index == _index(session, email.strip())))
    if staff is None or staff.disabled_at is not None or _is_locked(staff, now):
        return SignInTry(None, None)
    return SignInTry(staff.id, staff.password_hash)


def check_sign_in(known: SignInTry, password: str) -> bool:
    """Whether the password is right: slow on purpose, and needs no database."""
    return matches(password, known.password_hash)


def end_sign_in(session: Session, known: SignInTry, *, matches: bool, now: datetime) -> Staff | None:
    """Let the right person in and forget their wrong tries, or count one more."""
    if known.staff_id is None:
        return None
    staff = session.scalar(select(Staff).where(Staff.id == known.staff_id).with_for_update(key_share=True))
    # Tries that ran side by side must not slip past the lock that one of them has just set.
    if staff is None or staff.disabled_at is not None or _is_locked(staff, now):
        return None
    if matches:
        staff.failed_sign_ins, staff.locked_until = 0, None
        return staff
    _count_failure(session, staff, now)
    return None


def wait_after(failures: int) -> timedelta:
    """How long an account rests after so many wrong passwords in a row: nothing, then 30 s doubling to 15 minutes."""
    if failures < FREE_TRIES:
        return timedelta()
    return _WAITS[min(failures - FREE_TRIES, len(_WAITS) - 1)]


def _count_failure(session: Session, staff: Staff, now: datetime) -> None:
    forgiven = staff.locked_until is not None and staff.locked_until <= now - _FORGIVEN_AFTER
    failures = 1 if forgiven else staff.failed_sign_ins + 1
    wait = wait_after(failures)
    values = {"failed_sign_ins": failures, "locked_until": now + wait if wait else None}
    session.execute(update(Staff).where(Staff.id == staff.id).values(**values))


def _is_locked(staff: Staff, now: datetime) -> bool:
    return staff.locked_until is not None and staff.locked_until > now


def check_person(session: Session, clinic_id: uuid.UUID, typed: NewStaff) -> str | None:
    """The cleaned number of somebody who is known already, all but their e-mail address checked.

    Raises:
        InvalidInputError: name_missing, too_long, control_characters, role_unknown, language_unknown, phone_impossible,
            or on on_call viewer_on_call.
    """
    problems = _problems(typed)
    phone = _phone(typed, _region(session, clinic_id), problems)
    if problems:
        raise InvalidInputError(problems)
    return phone


def _region(session: Session, clinic_id: uuid.UUID) -> str:
    return region_of(session.scalars(select(Clinic.phone).where(Clinic.id == clinic_id)).one())


def _problems(new: NewStaff) -> dict[str, Problem]:
    problems = {}
    name_problem = text_problem(one_line(new.name), _LONGEST_NAME) if one_line(new.name) else Problem("name_missing")
    if name_problem:
        problems["name"] = name_problem
    if new.role not in set(Role):
        problems["role"] = Problem("role_unknown")
    if new.language not in set(Language):
        problems["language"] = Problem("language_unknown")
    if new.on_call and new.role == Role.VIEWER:
        problems["on_call"] = Problem("viewer_on_call")
    return problems


def _phone(new: NewStaff, region: str, problems: dict[str, Problem]) -> str | None:
    return _clean(lambda raw: clean_phone(raw, region), new.phone, problems) if new.phone.strip() else None


def _checked(session: Session, new: NewStaff, region: str) -> tuple[str, str | None]:
    """The cleaned e-mail address and number of somebody who can be invited."""
    problems = _problems(new)
    email = _clean(clean_email, new.email, problems)
    phone = _phone(new, region, problems)
    if email and session.scalar(select(Staff.id).where(Staff.email_index == _index(session, email))) is not None:
        problems["email"] = Problem("staff_exists")
    if problems:
        raise InvalidInputError(problems)
    return email, phone


def _clean(clean: Callable[[str], str], raw: str, problems: dict[str, Problem]) -> str:
    try:
        return clean(raw)
    except InvalidInputError as error:
        problems.update(error.problems)
        return ""


def _index(session: Session, email: str) -> str:
    return keyring_of(session).index("email", email_key(email))
