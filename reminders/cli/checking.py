"""The configuration doctor."""

import secrets
import sys
from collections.abc import Callable

import click
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from reminders import crypto, migrate
from reminders.cli.common import clear_errors, start
from reminders.database import Database
from reminders.settings import Settings


@click.command()
@click.option("--new-key", is_flag=True, help="Print fresh keys for the environment and stop.")
@clear_errors
def check(*, new_key: bool) -> None:
    """Say what is wrong with the configuration and how to mend it."""
    if new_key:
        click.echo(f"REMINDERS_SECRET_KEY={secrets.token_urlsafe(32)}\nREMINDERS_ENCRYPTION_KEYS={crypto.new_key()}")
        return
    settings = start()
    found = [(name, probe(settings)) for name, probe in _PROBES.items()]
    for name, problem in found:
        click.echo(f"{'ok ' if problem is None else 'NO '} {name}{'' if problem is None else ': ' + problem}")
    sys.exit(1 if any(problem for _, problem in found) else 0)


def _settings(_settings: Settings) -> str | None:
    return None


def _database(settings: Settings) -> str | None:
    database = Database(settings.database_url, settings.keyring())
    try:
        return None if migrate.is_current(database) else "the schema is not current; run `reminders migrate`"
    except SQLAlchemyError as error:
        return f"does not answer ({type(error).__name__}); look at REMINDERS_DATABASE_URL"
    finally:
        database.close()


def _broker(settings: Settings) -> str | None:
    if settings.broker_url.startswith("memory"):
        return None
    try:
        Redis.from_url(settings.broker_url, socket_connect_timeout=3, socket_timeout=3).ping()
    except (RedisError, ValueError) as error:
        return f"does not answer ({type(error).__name__}); look at REMINDERS_BROKER_URL"
    return None


def _webhooks(settings: Settings) -> str | None:
    if settings.sms_sandboxed or settings.public_url.startswith("https://"):
        return None
    return "REMINDERS_PUBLIC_URL is not https, so Twilio's receipts and replies would not reach us safely"


_PROBES: dict[str, Callable[[Settings], str | None]] = {
    "settings": _settings,
    "database": _database,
    "broker": _broker,
    "webhooks": _webhooks,
}

COMMANDS = (check,)
