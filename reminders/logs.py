"""Logging with an allow-list of keys: ids travel, people do not."""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

# fmt: off
ALLOWED: frozenset[str] = frozenset({
    "event", "level", "timestamp", "logger", "exception_type", "where", "clinic_id", "patient_id",
    "treatment_id", "reminder_id", "message_id", "attempt_id", "sender_id", "reply_id", "ticket_id", "staff_id",
    "job_id", "request_id", "task", "kind", "state", "channel", "reason", "code", "status", "method", "route",
    "seconds", "count", "sent", "failed", "unknown", "planned", "expired", "claimed", "accepted", "refused",
    "skipped", "rows", "line", "port", "version",
})
# fmt: on
"""The only keys that reach a log line. None of them may hold a name, a number, an address or a message."""


_QUIET = (
    # These print URLs, parameters or task arguments at INFO.
    "twilio.http_client",
    "httpx",
    "httpcore",
    "aiohttp.access",
    "uvicorn.access",
    "mail.log",
    # These print several lines a tick, for ticks that mostly find nothing to do.
    "celery.beat",
    "celery.worker.strategy",
    "celery.app.trace",
    "alembic.runtime.migration",
)


def configure(log_format: str) -> None:
    """Send every log line, ours and the libraries', through the allow-list to standard error."""
    console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    renderer: Any = structlog.processors.JSONRenderer() if log_format == "json" else console
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_exception,
        _keep_allowed,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_name_foreign_exception, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in _QUIET:
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextmanager
def only_warnings() -> Iterator[None]:
    """Within it, what goes well is not worth a line."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.setLevel(before)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger; give it ids and counts by the keys in `ALLOWED`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _keep_allowed(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in line.items() if key in ALLOWED or key.startswith("_")}


def _name_exception(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An error's type and place instead of its text, which may quote what a person wrote."""
    error = line.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        line["exception_type"] = type(error).__name__
        if trace is not None:
            line["where"] = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return line


def _name_foreign_exception(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record = line.get("_record")
    if isinstance(record, logging.LogRecord) and record.exc_info:
        # Libraries put the error's own words into theirs.
        line["event"] = f"error in {record.name}"
        line["exc_info"] = record.exc_info
        record.exc_info = None
        record.exc_text = None
    return line
