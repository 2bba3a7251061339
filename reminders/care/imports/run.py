"""Importing a practice system's CSV: patients, treatments and consents, each line by itself, twice without harm."""

import uuid
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import NoReturn

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from reminders import inserting, logs
from reminders.care import audit, protocols
from reminders.care.actors import Actor
from reminders.care.imports.alone import take_line
from reminders.care.imports.columns import find_columns
from reminders.care.imports.file import Numbered, read_table
from reminders.care.imports.ready import Line, Run, Setting, prepare, setting_of
from reminders.care.imports.report import ACCEPTED, SKIPPED, ImportReport, LineResult
from reminders.care.imports.strangers import strangers
from reminders.care.imports.together import take
from reminders.care.imports.trial import trial_place
from reminders.database import Database
from reminders.errors import NotFoundError
from reminders.models import Clinic

_CHUNK = 2_500
_CHUNK_ON_SQLITE = 500
"""So many lines are looked up and written in one transaction. On SQLite it keeps every other writer waiting."""

_FIRST = 500
"""So many lines are the first such transaction: until they are ready the database has nothing to do."""

_SLOW = 50
"""After so many lines that go one by one the transaction ends: on SQLite it keeps every other writer waiting."""

_FURTHER = 4
"""So many times as many lines as were done are tried next."""

_NOT_SAVED = "not_saved"

_log = logs.get(__name__)


class _DryRunOverError(Exception):
    """Takes back what a trial run wrote."""


def import_csv(
    database: Database,
    clinic_id: uuid.UUID,
    data: bytes,
    now: datetime,
    dry_run: bool = False,  # noqa: FBT001, FBT002 - by keyword or not, as the CLI likes
) -> ImportReport:
    """Import every line that can be, and say of each what became of it. A line fails alone.

    A line without consent is accepted, with a warning: the clinic wants the record, and nothing is sent until there
    is consent. A known patient is not overwritten, only completed; a consent is taken over only where the ledger has
    nothing on that channel, so an old file never undoes a withdrawal. The same file again adds nothing.

    New patients are stored many at a time; whatever may touch something that is here goes one by one, in the order of
    the file. The next lines are cleaned and encrypted while the database works on these.

    Raises:
        InvalidInputError: on file, if it cannot be read at all; see `read_table` and `find_columns`.
        NotFoundError: no such clinic.
    """
    table = read_table(data)
    columns = find_columns(table.header)
    with database.read(clinic=clinic_id) as session:
        setting = _setting(session, clinic_id, held=False)
    run = Run(Actor(clinic_id, "import"), columns, now, setting)
    batches = _ahead(database, run, table.rows)
    save = _tried if dry_run else _saved
    return ImportReport(save(database, run, batches), dry_run)


def _ahead(database: Database, run: Run, rows: Sequence[Numbered]) -> Iterator[list[Line]]:
    """The lines in batches, each made ready while the one before it is being written."""
    size = _CHUNK_ON_SQLITE if database.is_sqlite else _CHUNK
    first = min(_FIRST, size)
    chunks = [rows[:first], *(rows[start : start + size] for start in range(first, len(rows), size))]
    with ThreadPoolExecutor(1, "import-ahead") as beside:
        waiting: deque[Future[list[Line]]] = deque()
        for chunk in chunks:
            waiting.append(beside.submit(prepare, chunk, run, database.keyring))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        yield from (one.result() for one in waiting)


def _tried(database: Database, run: Run, batches: Iterable[list[Line]]) -> list[LineResult]:
    """What would become of all lines: one transaction, taken back."""
    results: list[LineResult] = []
    lines = list(batches)
    try:
        with trial_place(database) as place, place.begin(clinic=run.actor.clinic_id) as session:
            results = _all(lines, partial(_chunk, session, run))
            _end_trial()
    except _DryRunOverError:
        return results
    except SQLAlchemyError as error:
        return _not_saved([line for batch in lines for line in batch], error)


def _end_trial() -> NoReturn:
    raise _DryRunOverError


def _saved(database: Database, run: Run, batches: Iterable[list[Line]]) -> list[LineResult]:
    """What became of all lines. A transaction that the database fails costs its own lines, and all goes on."""
    return _all(batches, partial(_in_transaction, database, run))


def _all(batches: Iterable[list[Line]], take: Callable[[Sequence[Line]], list[LineResult]]) -> list[LineResult]:
    """What becomes of the lines by `take`, which takes the first of what it is given, one at least."""
    results: list[LineResult] = []
    for batch in batches:
        done, size = 0, len(batch)
        while done < len(batch):
            taken = take(batch[done : done + size])
            # Where most go one by one, few are done at a time, and all that are given are looked up each time.
            done, size = done + len(taken), _FURTHER * len(taken)
            results += taken
    return results


def _in_transaction(database: Database, run: Run, lines: Sequence[Line]) -> list[LineResult]:
    """What became of the first of these lines, of one at least."""
    try:
        with database.begin(clinic=run.actor.clinic_id) as session:
            return _chunk(session, run, lines)
    except SQLAlchemyError as error:
        return _not_saved(lines, error)


def _not_saved(lines: Sequence[Line], error: SQLAlchemyError) -> list[LineResult]:
    _log.error("import not saved", reason=type(error).__name__)
    return [LineResult(line.number, SKIPPED, _NOT_SAVED) for line in lines]


def _setting(session: Session, clinic_id: uuid.UUID, *, held: bool) -> Setting:
    """What lines are read against, as it is now. `held`: no other import of the clinic goes on meanwhile."""
    wanted = select(Clinic).where(Clinic.id == clinic_id)
    # Two imports of one clinic at a time would each add the patient whom the other adds.
    clinic = session.scalar(wanted.with_for_update(key_share=True) if held else wanted)
    if clinic is None:
        raise NotFoundError("no such clinic")
    return setting_of(clinic, protocols.published(session, clinic.id))


def _chunk(session: Session, run: Run, lines: Sequence[Line]) -> list[LineResult]:
    """What became of the lines, or of the first of them if too many go one by one."""
    inserting.expect_many(session)
    setting = _setting(session, run.actor.clinic_id, held=True)
    new = strangers(session, run.actor.clinic_id, lines) if setting.means_the_same_as(run.setting) else set()
    results: list[LineResult] = []
    for alone, group in groupby(lines[: _fitting(lines, new)], key=lambda line: line.number not in new):
        take = _one_by_one if alone else _together
        results += take(session, run, setting, list(group))
    accepted = sum(result.status == ACCEPTED for result in results)
    if accepted:
        detail = {"lines": accepted}
        audit.note(session, run.actor, "import.accepted", "clinic", run.actor.clinic_id, run.now, detail)
    return results


def _fitting(lines: Sequence[Line], new: Collection[int]) -> int:
    """How many of the lines are done before too many go one by one."""
    slow = [place for place, line in enumerate(lines) if line.number not in new]
    return slow[_SLOW - 1] + 1 if len(slow) >= _SLOW else len(lines)


def _together(session: Session, run: Run, setting: Setting, lines: list[Line]) -> list[LineResult]:
    try:
        with session.begin_nested():
            taken = take(session, run, setting, lines)
    except IntegrityError:
        # Somebody else took a number meanwhile: whose line it is shows one by one.
        return _one_by_one(session, run, setting, lines)
    run.first_lines.update({one.treatment_id: line.number for one, line in zip(taken, lines, strict=True)})
    return [LineResult(line.number, ACCEPTED, one.silent) for one, line in zip(taken, lines, strict=True)]


def _one_by_one(session: Session, run: Run, setting: Setting, lines: list[Line]) -> list[LineResult]:
    return [take_line(session, run, setting, line) for line in lines]
