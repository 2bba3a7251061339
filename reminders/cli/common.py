"""What every command shares: clear errors, settings, an opened database."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from sqlalchemy.exc import OperationalError

from reminders import demo, logs, migrate
from reminders.care import clinics
from reminders.database import Database
from reminders.errors import RemindersError, SettingsError
from reminders.settings import Settings, load

P = ParamSpec("P")
R = TypeVar("R")


def say(line: str) -> None:
    """One line on what is happening."""
    click.echo(f"==> {line}")


def clear_errors(command: Callable[P, R]) -> Callable[P, R]:
    """One clear line each for what is wrong, and exit code 2, instead of a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except RemindersError as error:
            click.echo(str(error), err=True)
        except OperationalError as error:
            click.echo(f"REMINDERS_DATABASE_URL: the database does not answer ({type(error.orig).__name__})", err=True)
        sys.exit(2)

    return run


def start() -> Settings:
    """The checked settings, with logging set up by them."""
    settings = load()
    logs.configure(settings.log_format)
    return settings


def open_database(settings: Settings) -> Database:
    """The database, which must have the newest schema and, on the demo clock, reach no real phone.

    Raises:
        SettingsError: it does not, or it might.
    """
    database = Database(settings.database_url, settings.keyring())
    if not migrate.is_current(database):
        raise SettingsError(["the database's schema is not current; run `reminders migrate` first"])
    prepare(settings, database)
    return database


def prepare(settings: Settings, database: Database) -> None:
    """What every start does with a current database.

    Raises:
        SettingsError: it runs on the demo clock and might reach a real phone.
    """
    with database.begin() as session:
        demo.refuse_with_real_credentials(settings, session)
        clinics.follow_environment(session, settings)
