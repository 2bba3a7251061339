"""The sandbox's own store: everything in memory for speed, written through, sealed, to its own SQLite file."""

import sqlite3
import threading
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from reminders.crypto import Keyring
from reminders.errors import SettingsError
from reminders.sandbox.records import Record, from_bytes, to_bytes

FILE_NAME = "sandbox.db"

_CONTEXT = "sandbox.record"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (seq INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS opt_out (pair TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Store:
    """Records by sid, by recipient and by phone, and which pairs of numbers are opted out.

    Safe to use from several threads. One process at a time: it locks its file. Numbers and bodies are unreadable in
    the file, since a clinic may try its real patients against the sandbox. It does not simulate anything.
    """

    def __init__(self, path: Path, keyring: Keyring) -> None:
        """Open or make the file.

        Raises:
            SettingsError: the file cannot be opened, or another sandbox has it open.
        """
        self._keyring = keyring
        self._lock = threading.RLock()
        self.version = 0
        self._forget()
        self._file = _open(path)
        for seq, sealed in self._file.execute("SELECT seq, sealed FROM record ORDER BY seq"):
            self._index(replace(from_bytes(keyring.open(sealed, _CONTEXT)), seq=seq))
        self._opt_outs = {pair for (pair,) in self._file.execute("SELECT pair FROM opt_out")}

    def add(self, record: Record) -> Record:
        """Keep a new record; returned with its `seq`."""
        with self._lock:
            record = replace(record, seq=self._next_seq)
            self._write(record)
            self._index(record)
        return record

    def update(self, record: Record) -> bool:
        """Keep what changed; False when the record is no longer there (a reset came between)."""
        with self._lock:
            if record.sid not in self._records:
                return False
            self._write(record)
            self._records[record.sid] = record
        return True

    def get(self, sid: str) -> Record | None:
        """The record with this sid."""
        return self._records.get(sid)

    def all(self) -> list[Record]:
        """Every record, newest last."""
        with self._lock:
            return list(self._records.values())

    def sent_to(self, recipient: str) -> list[Record]:
        """Every record addressed to `recipient`, newest last."""
        with self._lock:
            return [self._records[sid] for sid in self._by_recipient.get(recipient, ())]

    def conversation(self, phone_id: str) -> list[Record]:
        """Every record of the phone with this opaque id, newest last."""
        with self._lock:
            return [self._records[sid] for sid in self._by_phone.get(phone_id, ())]

    def phones(self) -> list[tuple[str, Record]]:
        """Each phone's opaque id and its newest record; the phone that rang last comes first."""
        with self._lock:
            newest = [(phone_id, self._records[sids[-1]]) for phone_id, sids in self._by_phone.items()]
        return sorted(newest, key=lambda entry: entry[1].seq, reverse=True)

    def phone_id(self, address: str) -> str:
        """An opaque id for a number or mailbox, fit for a URL."""
        return self._keyring.index("sandbox phone", address.lower())[:16]

    def set_opt_out(self, phone: str, clinic: str, *, opted_out: bool) -> None:
        """Remember whether `phone` accepts texts from `clinic`."""
        pair = self._pair(phone, clinic)
        with self._lock:
            if opted_out:
                self._opt_outs.add(pair)
                self._file.execute("INSERT OR IGNORE INTO opt_out VALUES (?)", (pair,))
            else:
                self._opt_outs.discard(pair)
                self._file.execute("DELETE FROM opt_out WHERE pair = ?", (pair,))

    def opted_out(self, phone: str, clinic: str) -> bool:
        """Whether `phone` said STOP to `clinic`."""
        return self._pair(phone, clinic) in self._opt_outs

    def reset(self) -> None:
        """Forget every record and opt-out."""
        with self._lock:
            self._file.execute("DELETE FROM record")
            self._file.execute("DELETE FROM opt_out")
            self._opt_outs.clear()
            self._forget()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _forget(self) -> None:
        self._records: dict[str, Record] = {}
        self._by_recipient: defaultdict[str, list[str]] = defaultdict(list)
        self._by_phone: defaultdict[str, list[str]] = defaultdict(list)
        self._next_seq = 1
        self.version += 1

    def _index(self, record: Record) -> None:
        self._records[record.sid] = record
        self._by_recipient[record.recipient].append(record.sid)
        self._by_phone[self.phone_id(record.phone)].append(record.sid)
        self._next_seq = record.seq + 1

    def _write(self, record: Record) -> None:
        sealed = self._keyring.seal(to_bytes(record), _CONTEXT)
        self._file.execute("INSERT OR REPLACE INTO record VALUES (?, ?)", (record.seq, sealed))
        self.version += 1

    def _pair(self, phone: str, clinic: str) -> str:
        return self._keyring.index("sandbox opt-out", f"{phone} {clinic}")


def _open(path: Path) -> sqlite3.Connection:
    """A connection that commits each statement and holds the file's lock until it is closed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1)
    try:
        file.execute("PRAGMA locking_mode = EXCLUSIVE")
        file.execute("PRAGMA journal_mode = WAL")
        # Messages of a stand-in need not outlive a power cut; they do outlive a killed process.
        file.execute("PRAGMA synchronous = OFF")
        file.executescript(_SCHEMA)
    except sqlite3.Error as error:
        file.close()
        raise SettingsError([f"REMINDERS_DATA_DIR: cannot use {path.name} there ({error})"]) from None
    return file
