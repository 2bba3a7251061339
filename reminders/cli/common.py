"""What every command shares: clear errors, settings, an opened database."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from click.core import ParameterSource
from sqlalchemy import select
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from reminders import demo, logs, migrate
from reminders.care import clinics
from reminders.care.imports.report import problem_text
from reminders.database import Database
from reminders.errors import InvalidInputError, Problem, RemindersError, SettingsError
from reminders.models import Clinic
from reminders.models.kinds import Language
from reminders.settings import Settings, load
from reminders.web.i18n import catalogue

P = ParamSpec("P")
R = TypeVar("R")

LANGUAGES = click.Choice([language.value for language in Language])

_FILE = "file"
_UNREACHABLE = {OperationalError, InterfaceError, DatabaseError}
"""What a database raises that is not there, or is none; the others would be mistakes of ours."""


def say(line: str) -> None:
    """One line on what is happening."""
    click.echo(f"==> {line}")


def clear_errors(command: Callable[P, R]) -> Callable[P, R]:
    """One clear line each for what is wrong, and exit code 2, instead of a traceback.

    What a person typed is answered in the language that they asked for with `--language`, or else in English.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except InvalidInputError as error:
            click.echo("\n".join(sentences(error, _language())), err=True)
        except RemindersError as error:
            click.echo(str(error), err=True)
        except DBAPIError as error:
            if type(error) not in _UNREACHABLE:
                raise
            click.echo(f"REMINDERS_DATABASE_URL: the database does not answer ({type(error.orig).__name__})", err=True)
        sys.exit(2)

    return run


def sentences(error: InvalidInputError, language: Language) -> list[str]:
    """What is wrong with what was typed, a line for each, in words."""
    return [f"{field}: {_sentence(field, problem, language)}" for field, problem in error.problems.items()]


def _sentence(field: str, problem: Problem, language: Language) -> str:
    # A file's problems have their words beside the import, all others beside the forms.
    return problem_text(problem, language) if field == _FILE else catalogue(language).problem(problem)


def _language() -> Language:
    context = click.get_current_context(silent=True)
    if context is None or context.get_parameter_source("language") is not ParameterSource.COMMANDLINE:
        return Language.EN
    return Language(context.params["language"])


def start() -> Settings:
    """The checked settings, with logging set up by them."""
    settings = load()
    logs.configure(settings.log_format)
    return settings


def connect(settings: Settings) -> Database:
    """The database of the settings, whatever its schema.

    Raises:
        SettingsError: its URL cannot be read.
    """
    try:
        return Database(settings.database_url, settings.keyring())
    except (ArgumentError, ImportError, ValueError):
        # The error's own text may quote the password.
        raise SettingsError(
            ["REMINDERS_DATABASE_URL: cannot be read; write it like postgresql://user:password@host/name"]
        ) from None


def open_database(settings: Settings) -> Database:
    """The database, which must have the newest schema and, on the demo clock, reach no real phone.

    Raises:
        SettingsError: it does not, or it might.
    """
    database = connect(settings)
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


def find_clinic(session: Session, name: str) -> Clinic:
    """The clinic of this name, short or whole, or the only one there is where no name is given.

    Raises:
        SettingsError: there is none, or more than one.
    """
    every = session.scalars(select(Clinic).order_by(Clinic.name)).all()
    found = [clinic for clinic in every if name in {"", clinic.name}]
    found = found or [clinic for clinic in every if name == clinic.short_name]
    if len(found) == 1:
        return found[0]
    if not every:
        raise SettingsError(["there is no clinic yet; run `reminders create-clinic` first"])
    names = ", ".join(clinic.name for clinic in every)
    fault = "say which clinic, by its whole name" if found else "no clinic is called that"
    raise SettingsError([f"{fault}; there are: {names}"])
