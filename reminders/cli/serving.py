"""Commands that run the service: all in one process, or one process each."""

import gc
import os

import click
import uvicorn
from dotenv import dotenv_values
from fastapi import FastAPI
from sqlalchemy import select

from reminders import demo, embedded, logs, migrate, tasks
from reminders.cli.common import clear_errors, connect, open_database, prepare, say, start
from reminders.database import Database
from reminders.errors import SettingsError
from reminders.models import Clinic
from reminders.sandbox.app import create_sandbox_app
from reminders.setting_rules import is_in_memory
from reminders.settings import Settings, load
from reminders.web.app import create_app

_NEW_OBJECTS = 10_000
"""How many objects there must be more than at the last look for the next one to begin. Python's own figure is 700."""


@click.command()
@click.option("--demo", "with_demo", is_flag=True, help="With a demo clinic, fictional patients and a demo clock.")
@clear_errors
def up(*, with_demo: bool) -> None:
    """Run everything in this one process, on SQLite."""
    settings = embedded.settings_for_one_process(load(_in_the_demos_folder() if with_demo else None))
    logs.configure(settings.log_format)
    if with_demo and not settings.sandboxed:
        raise SettingsError(["the demo is refused with real credentials; unset TWILIO_* and SMTP_URL, or use `up`"])
    say(f"Data: {settings.data_dir.absolute()}")
    database = connect(settings)
    if with_demo:
        demo.refuse_a_real_database(database)
    say("Bringing the database to the newest schema")
    migrate.upgrade(database)
    prepare(settings, database)
    lines = (_welcome_demo if with_demo else _welcome)(settings, database)
    _collect_seldom()
    embedded.serve(settings, database, lambda: click.echo("\n".join(lines)))
    database.close()
    say("Stopped. The data is kept.")


def _in_the_demos_folder() -> dict[str, str]:
    """The environment with the demo's own data folder, unless it (or `.env`) really names another place."""
    environ = dict(os.environ)
    given = {**dotenv_values(".env"), **environ}
    places = ("REMINDERS_DATA_DIR", "REMINDERS_DATABASE_URL")
    if not any(given.get(name) or given.get(f"{name}_FILE") for name in places):
        environ["REMINDERS_DATA_DIR"] = "var/demo"
    return environ


def _welcome_demo(settings: Settings, database: Database) -> list[str]:
    say("Preparing the demo clinic")
    started = demo.start(database, settings)
    say(f"Demo clock: {started.demo_time:%A %d %B %Y, %H:%M} in the clinic")
    return [
        "",
        f"  Clinic         {settings.public_url}/",
        f"  Sandbox phone  {settings.public_url}/sandbox/",
        f"  Sign in, once  {settings.public_url}/sign-in/{started.token}",
        "",
        "  Commands about this demo, in another terminal:",
        f"      REMINDERS_DATA_DIR={settings.data_dir} PORT={settings.port} .venv/bin/reminders holds",
        "",
        "  Stop with Ctrl-C.",
    ]


def _welcome(settings: Settings, database: Database) -> list[str]:
    with database.read() as session:
        has_clinic = session.scalars(select(Clinic.id).limit(1)).first() is not None
    lines = ["", f"  Clinic  {settings.public_url}/"]
    if settings.sandboxed:
        lines.append(f"  Nothing is connected: texts and e-mails go to the sandbox, {settings.public_url}/sandbox/")
    if not has_clinic:
        lines += [
            '  No clinic yet. In another terminal: .venv/bin/reminders create-clinic --name "..." --phone ... \\',
            '      --address "..." --owner-name "..." --owner-email ...',
            "  It prints the link to sign in.",
        ]
    return [*lines, "", "  Stop with Ctrl-C."]


@click.command("migrate")
@clear_errors
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    settings = start()
    migrate.upgrade(connect(settings))
    say("The schema is current")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@clear_errors
def web(host: str) -> None:
    """Serve the pages, the API and the webhooks."""
    settings = start()
    _serve(create_app(settings, open_database(settings)), host, settings.port)


@click.command()
@clear_errors
def worker() -> None:
    """Send what is due; start as many as wanted."""
    settings = _with_broker(start())
    open_database(settings).close()
    _collect_seldom()
    tasks.run_worker(settings)


@click.command()
@clear_errors
def beat() -> None:
    """Wake the workers; without it nothing is sent."""
    tasks.run_beat(_with_broker(start()))


@click.command()
@clear_errors
def sandbox() -> None:
    """Run the stand-in carrier and mailbox. Refused with real credentials."""
    settings = start()
    if not settings.sandboxed:
        raise SettingsError(["the sandbox is refused with real credentials"])
    _serve(create_sandbox_app(settings), "127.0.0.1", settings.sandbox_port)


def _with_broker(settings: Settings) -> Settings:
    if is_in_memory(settings.broker_url):
        raise SettingsError(
            ["REMINDERS_BROKER_URL: missing; worker and beat meet in Redis, redis://host:6379/0 (`up` needs none)"]
        )
    return settings


def _collect_seldom() -> None:
    """Leave alone what is loaded by now, and look for cycles of garbage a tenth as often as Python does.

    There are next to none: looking took a fifth of what sending costs, and held requests up for many milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


def _serve(app: FastAPI, host: str, port: int) -> None:
    _collect_seldom()
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=10)


COMMANDS = (up, migrate_command, web, worker, beat, sandbox)
