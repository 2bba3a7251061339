"""People who sign in and programs that hold a key: who they are, and how they come in."""

from reminders.care.staff.accounts import (
    NewStaff,
    SignInTry,
    begin_sign_in,
    check_sign_in,
    end_sign_in,
    invite,
    set_password,
    sign_in,
)
from reminders.care.staff.api_keys import find_api_key, new_api_key, note_api_use, revoke_api_key
from reminders.care.staff.sessions import (
    OpenedSession,
    SignedIn,
    find_session,
    new_link,
    open_session,
    redeem,
    sign_out,
    sign_out_everywhere,
    touch,
)

# fmt: off
__all__ = [
    "NewStaff", "OpenedSession", "SignInTry", "SignedIn", "begin_sign_in", "check_sign_in", "end_sign_in",
    "find_api_key", "find_session", "invite", "new_api_key", "new_link", "note_api_use", "open_session", "redeem",
    "revoke_api_key", "set_password", "sign_in", "sign_out", "sign_out_everywhere", "touch",
]
# fmt: on
