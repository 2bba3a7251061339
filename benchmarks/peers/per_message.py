"""GOV.UK Notify's shape: a task finds what is due and queues one task for each, which loads, sends and commits."""

from datetime import UTC, datetime
from functools import cache

from sqlalchemy import create_engine, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.types import DateTime
from twilio.rest import Client

from benchmarks.peers import messages, sdk

app = sdk.celery_app("per_message")

THREADS = 32


class _Base(DeclarativeBase):
    pass


class _Message(_Base):
    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    to_number: Mapped[str]
    body: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str]
    sid: Mapped[str | None]
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


@app.task(name="per_message.find_due")  # type: ignore[untyped-decorator]
def find_due() -> None:
    """Queue one task for each text that is due."""
    due = (_Message.state == "scheduled", _Message.due_at <= datetime.now(UTC))
    with _sessions()() as session:
        found = session.scalars(update(_Message).where(*due).values(state="queued").returning(_Message.id)).all()
        session.commit()
    for message_id in found:
        deliver.apply_async((message_id,))


@app.task(name="per_message.deliver")  # type: ignore[untyped-decorator]
def deliver(message_id: int) -> None:
    """Send one text."""
    with _sessions()() as session:
        message = session.get(_Message, message_id)
        if message is None or message.state != "queued":
            return
        created = _client().messages.create(**sdk.fields(message.to_number, message.body))
        message.sid, message.state, message.sent_at = created.sid, "sent", datetime.now(UTC)
        session.commit()


@cache
def _sessions() -> sessionmaker[Session]:
    url = messages.database_url().replace("postgresql://", "postgresql+psycopg://", 1)
    return sessionmaker(create_engine(url, pool_size=THREADS, max_overflow=0))


@cache
def _client() -> Client:
    return sdk.blocking()
