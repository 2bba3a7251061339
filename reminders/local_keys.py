"""The keys of a try-out: made once and kept beside its SQLite file."""

import os
import secrets
from pathlib import Path

from dotenv import dotenv_values

from reminders.crypto import new_key
from reminders.errors import SettingsError


def local_keys(path: Path) -> dict[str, str]:
    """The keys kept in `path` (mode 0600), by setting; made now if there are none. Two starters agree on the first's.

    Raises:
        SettingsError: the data folder cannot be made or written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path)
        return {name: value or "" for name, value in dotenv_values(path).items()}
    except OSError as error:
        raise SettingsError([f"REMINDERS_DATA_DIR: cannot be used ({type(error).__name__})"]) from None


def _make(path: Path) -> None:
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.touch(mode=0o600)
    draft.write_text(fresh_keys(), encoding="utf-8")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def fresh_keys() -> str:
    """New keys as lines of an `.env`."""
    return f"REMINDERS_SECRET_KEY={secrets.token_urlsafe(32)}\nREMINDERS_ENCRYPTION_KEYS={new_key()}\n"
