"""Every setting, from the environment, `.env` and `NAME_FILE` files, checked once at start."""

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, field_validator

from reminders import setting_rules
from reminders.crypto import Keyring, parse_key
from reminders.errors import SettingsError
from reminders.local_keys import local_keys

SANDBOX_ACCOUNT = "AC" + "5a" * 16
"""The sandbox carrier's account: shaped like Twilio's, and never one of theirs in practice."""

SANDBOX_NUMBER = "+15145550100"
"""The sandbox clinic's number, from the range reserved for fiction (555-0100 to 555-0199)."""


SANDBOX_MAIL_FROM = "clinic@clinic.example"
"""The sandbox clinic's e-mail address, in a domain that nobody can own (RFC 2606)."""

Several = Annotated[tuple[SecretStr, ...], BeforeValidator(setting_rules.split)]


class Settings(BaseModel):
    """The checked configuration. Field names are the environment's, in lower case, without REMINDERS_."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    data_dir: Path = Field(Path("var"), alias="REMINDERS_DATA_DIR")
    database_url: str = Field("", alias="REMINDERS_DATABASE_URL")
    broker_url: str = Field("memory://", alias="REMINDERS_BROKER_URL")
    port: int = Field(8000, alias="PORT", ge=1, le=65535)
    public_url: str = Field("", alias="REMINDERS_PUBLIC_URL")
    secret_key: SecretStr = Field(SecretStr(""), alias="REMINDERS_SECRET_KEY")
    encryption_keys: Several = Field((), alias="REMINDERS_ENCRYPTION_KEYS")
    sweep_seconds: float = Field(2.0, alias="REMINDERS_SWEEP_SECONDS", gt=0, le=60)
    reconcile_seconds: float = Field(15.0, alias="REMINDERS_RECONCILE_SECONDS", gt=0, le=60)
    in_flight: int = Field(300, alias="REMINDERS_IN_FLIGHT", ge=1, le=1000)
    """Calls to a carrier at a time, for one sender in one process: Twilio limits them for each account."""
    overdue_seconds: float = Field(900.0, alias="REMINDERS_OVERDUE_SECONDS", ge=60, le=86_400)
    log_format: Literal["console", "json"] = Field("console", alias="REMINDERS_LOG_FORMAT")
    sandbox_port: int = Field(8001, alias="REMINDERS_SANDBOX_PORT", ge=1, le=65535)
    sandbox_smtp_port: int = Field(8025, alias="REMINDERS_SANDBOX_SMTP_PORT", ge=1, le=65535)
    sandbox_imap_port: int = Field(8143, alias="REMINDERS_SANDBOX_IMAP_PORT", ge=1, le=65535)

    twilio_account_sid: str = Field("", alias="TWILIO_ACCOUNT_SID")
    twilio_auth_token: Several = Field((), alias="TWILIO_AUTH_TOKEN")
    twilio_messaging_service_sid: str = Field("", alias="TWILIO_MESSAGING_SERVICE_SID")
    twilio_from_number: str = Field("", alias="TWILIO_FROM_NUMBER")
    twilio_api_url: str = Field("", alias="TWILIO_API_URL")
    smtp_url: SecretStr = Field(SecretStr(""), alias="SMTP_URL")
    mail_from: str = Field("", alias="MAIL_FROM")
    imap_url: SecretStr = Field(SecretStr(""), alias="IMAP_URL")

    @field_validator("public_url", "twilio_api_url")
    @classmethod
    def _without_last_slash(cls, value: str) -> str:
        return value if value.endswith("://") else value.rstrip("/")

    @property
    def sms_connected(self) -> bool:
        """Whether somebody has given Twilio credentials."""
        return bool(self.twilio_account_sid)

    @property
    def email_connected(self) -> bool:
        """Whether somebody has given an SMTP server."""
        return bool(self.smtp_url.get_secret_value())

    @property
    def sandboxed(self) -> bool:
        """Whether all goes to the sandbox, as every page then says. Beside a connected channel there is no sandbox."""
        return not (self.sms_connected or self.email_connected)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def sandbox_token(self) -> str:
        """The sandbox account's auth token: shared by every process that has the secret key, and by nobody else."""
        return self.keyring().derive("sandbox carrier").hex()[:32]

    @property
    def effective_smtp_url(self) -> str:
        """Where e-mail is handed over: SMTP_URL, or the sandbox mailbox; "" if e-mail is not connected."""
        return f"smtp://127.0.0.1:{self.sandbox_smtp_port}" if self.sandboxed else self.smtp_url.get_secret_value()

    @property
    def effective_imap_url(self) -> str:
        """The mailbox that answers come to: IMAP_URL beside SMTP_URL, or the sandbox's; "" if nobody reads any."""
        if self.sandboxed:
            return f"imap://clinic:sandbox@127.0.0.1:{self.sandbox_imap_port}/INBOX"
        return self.imap_url.get_secret_value() if self.email_connected else ""

    @property
    def effective_mail_from(self) -> str:
        """The clinic's sender address: MAIL_FROM, or the sandbox clinic's."""
        return self.mail_from or SANDBOX_MAIL_FROM

    def keyring(self) -> Keyring:
        """The keys for personal data, opened from the settings once."""
        return _keyring(self.encryption_keys, self.secret_key)


@lru_cache(maxsize=8)
def _keyring(encryption_keys: tuple[SecretStr, ...], secret: SecretStr) -> Keyring:
    keys = [parse_key(key.get_secret_value()) for key in encryption_keys]
    return Keyring(keys, secret.get_secret_value().encode())


def load(environ: Mapping[str, str] | None = None, dotenv: Path = Path(".env")) -> Settings:
    """Read and check the configuration.

    On SQLite, keys that nobody gave are made once and kept in DATA_DIR/secrets.env (mode 0600); with any other
    database they must be given, since several machines must share them.

    Raises:
        SettingsError: something is wrong or missing; one line each.
    """
    given = {name: value for name, value in dotenv_values(dotenv).items() if value is not None}
    given.update(os.environ if environ is None else environ)
    given, problems = setting_rules.read_files(given, [str(one.alias) for one in Settings.model_fields.values()])
    try:
        settings = _with_defaults(Settings.model_validate({k: v for k, v in given.items() if v != ""}))
    except ValidationError as error:
        problems += [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise SettingsError(problems) from None
    problems += _problems(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def _with_defaults(settings: Settings) -> Settings:
    changes: dict[str, object] = {}
    if not settings.database_url:
        changes["database_url"] = f"sqlite:///{settings.data_dir.absolute() / 'reminders.db'}"
    if not settings.public_url:
        changes["public_url"] = f"http://127.0.0.1:{settings.port}"
    if not settings.twilio_api_url:
        sandbox = f"http://127.0.0.1:{settings.sandbox_port}"
        changes["twilio_api_url"] = sandbox if settings.sandboxed else "https://api.twilio.com"
    settings = settings.model_copy(update=changes)
    return _with_local_keys(settings) if settings.is_sqlite else settings


def _with_local_keys(settings: Settings) -> Settings:
    if settings.secret_key.get_secret_value() and settings.encryption_keys:
        return settings
    kept = local_keys(settings.data_dir / "secrets.env")
    secret = settings.secret_key.get_secret_value() or kept["REMINDERS_SECRET_KEY"]
    keys = settings.encryption_keys or (SecretStr(kept["REMINDERS_ENCRYPTION_KEYS"]),)
    return settings.model_copy(update={"secret_key": SecretStr(secret), "encryption_keys": keys})


def _problems(settings: Settings) -> list[str]:
    """What pydantic cannot see: keys and addresses that cannot work, and settings that need each other."""
    if problem := setting_rules.database_problem(settings.database_url):
        # Which keys must be given hangs on the database.
        return [f"REMINDERS_DATABASE_URL: {problem}"]
    keys = [key.get_secret_value() for key in settings.encryption_keys]
    found = [("REMINDERS_SECRET_KEY", setting_rules.secret_problem(settings.secret_key.get_secret_value()))]
    found += [("REMINDERS_ENCRYPTION_KEYS", problem) for problem in setting_rules.key_problems(keys)]
    found += _shape_problems(settings)
    return [f"{name}: {problem}" for name, problem in found if problem] + _channel_problems(settings)


def _channel_problems(settings: Settings) -> list[str]:
    found = []
    if settings.twilio_account_sid and not settings.twilio_auth_token:
        found.append("TWILIO_AUTH_TOKEN: missing although TWILIO_ACCOUNT_SID is set")
    if settings.twilio_auth_token and not settings.twilio_account_sid:
        found.append("TWILIO_ACCOUNT_SID: missing although TWILIO_AUTH_TOKEN is set")
    if settings.twilio_account_sid and not (settings.twilio_from_number or settings.twilio_messaging_service_sid):
        found.append("TWILIO_FROM_NUMBER or TWILIO_MESSAGING_SERVICE_SID: one of them must be set")
    if settings.email_connected and not settings.mail_from:
        found.append("MAIL_FROM: missing although SMTP_URL is set")
    return found


def _shape_problems(settings: Settings) -> list[tuple[str, str]]:
    """What no value can be, whatever the others are. No line quotes the value: it may hold a password."""
    rules = {
        "REMINDERS_DATA_DIR": setting_rules.folder_problem(settings.data_dir),
        "REMINDERS_BROKER_URL": setting_rules.broker_problem(settings.broker_url),
        "REMINDERS_PUBLIC_URL": setting_rules.web_problem(settings.public_url),
        "TWILIO_API_URL": setting_rules.web_problem(settings.twilio_api_url),
        "TWILIO_FROM_NUMBER": settings.twilio_from_number and setting_rules.number_problem(settings.twilio_from_number),
        "SMTP_URL": settings.effective_smtp_url and setting_rules.smtp_problem(settings.effective_smtp_url),
        "IMAP_URL": settings.effective_imap_url and setting_rules.imap_problem(settings.effective_imap_url),
        "MAIL_FROM": setting_rules.mail_from_problem(settings.effective_mail_from),
    }
    return list(rules.items())
