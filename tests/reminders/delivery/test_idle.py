"""An idle sweep looks at the first entries of three partial indexes, and at nothing else of the messages.

Seen to fail when the states were parameters, which no partial index answers to.
"""

import pytest
from sqlalchemy import Select, text

from reminders.care.media_fetching import _DUE as _MEDIA
from reminders.database import Database
from reminders.delivery.housekeeping import _DUE, _UNTIDY
from reminders.models import Clinic
from tests.reminders.outbox.rows import NOW, owe


@pytest.mark.parametrize(
    ("statement", "indexes"),
    [
        (_UNTIDY, {"ix_message_in_hand", "ix_message_expiry"}),
        (_DUE, {"ix_message_due"}),
        (_MEDIA, {"ix_attachment_waiting"}),
    ],
    ids=["what broke off or is late", "who owes", "what hangs on texts"],
)
def test_by_index_alone(
    database: Database, clinic: Clinic, statement: Select[tuple[object]], indexes: set[str]
) -> None:
    owe(database, clinic, 3)
    compiled = statement.params(now=NOW).compile(database.engine, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    with database.begin() as session:
        if not database.is_sqlite:
            session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(map(str, session.execute(text(explain + str(compiled).replace(":", "\\:")))))
    assert {index for index in indexes if index in plan} == indexes
    assert "Seq Scan on message" not in plan
    assert "SCAN message\n" not in plan
