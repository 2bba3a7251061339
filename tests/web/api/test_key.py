"""The command that makes a key."""

import os
import subprocess
import sys
from pathlib import Path

from reminders.crypto import new_key
from reminders.database import Database
from tests.web.api.conftest import System


def _command(database: Database, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = {
        "REMINDERS_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "REMINDERS_DATA_DIR": str(folder),
        "REMINDERS_SECRET_KEY": "a secret for this test, 32 bytes",
        "REMINDERS_ENCRYPTION_KEYS": new_key(),
    }
    command = [sys.executable, "-m", "reminders", "create-api-key", *arguments]
    return subprocess.run(command, env=os.environ | given, capture_output=True, text=True, check=False)


def test_a_key_is_printed_once_and_works(system: System, other: System, database: Database, tmp_path: Path) -> None:
    """Where there are several clinics, one must be named."""
    done = _command(database, tmp_path, "--name", "Practice system", "--clinic", system.clinic.name)
    assert done.returncode == 0, done.stderr
    patient = system.patient()
    system.key = done.stdout.split()[-1]
    assert system.key.startswith("rk_")
    assert system.get(f"/patients/{patient['id']}").status_code == 200
    for arguments in (("--name", "x"), ("--name", "x", "--clinic", "nobody"), ("--name", " ", "--clinic", "nobody")):
        refused = _command(database, tmp_path, *arguments)
        assert refused.returncode == 2
        assert "rk_" not in refused.stdout
    assert other.key
