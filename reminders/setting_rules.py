"""What a setting must look like to work. Each rule takes a value and says what is wrong with it, or "".

Pure, but for the values that are read from files.
"""

import re
from collections.abc import Iterable, Sequence
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from email_validator import EmailNotValidError, validate_email

from reminders.crypto import parse_key
from reminders.errors import CryptoError

_SECRET_LENGTH = 32
_MISSING = "missing; `reminders check --new-key` prints one"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_HOST = re.compile(r"[^\s/@]+")
_DATABASE = re.compile(r"(sqlite|postgresql)(\+(pysqlite|psycopg))?://")
_IN_MEMORY, _SOCKET = "memory", "redis+socket"


def split(value: object) -> object:
    """A list as the environment has it, comma-separated."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def read_files(given: dict[str, str], names: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """`given` with each NAME of `names` that only NAME_FILE names read from its file, and what could not be."""
    problems = []
    for name in sorted(names):
        if not (path := given.get(f"{name}_FILE")) or given.get(name):
            continue
        try:
            given[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{name}_FILE: cannot read {path}: {type(error).__name__}")
    return given, problems


def secret_problem(secret: str) -> str:
    """It signs links and keys the blind indexes, so nobody may guess it."""
    if not secret:
        return _MISSING
    return "" if len(secret) >= _SECRET_LENGTH else f"too short; {_SECRET_LENGTH} characters at least"


def key_problems(keys: Sequence[str]) -> list[str]:
    """What is wrong with the encryption keys, one line each."""
    return [problem for problem in map(_key_problem, keys) if problem] if keys else [_MISSING]


def is_in_memory(broker_url: str) -> bool:
    """Whether wake-ups stay inside one process."""
    return urlsplit(broker_url).scheme == _IN_MEMORY


def redis_url(broker_url: str) -> str:
    """A checked broker URL as the Redis client writes it: Celery's redis+socket:///path is its unix:///path."""
    parts = urlsplit(broker_url)
    return f"unix://{parts.netloc}{parts.path}" if parts.scheme == _SOCKET else broker_url


def broker_problem(url: str) -> str:
    """The broker is Redis, or memory for the one process of `up`."""
    wrong = "must look like redis[s]://host:6379/0 or redis+socket:///path (memory:// is for `reminders up` alone)"
    parts = _parts(url)
    if parts is None:
        return wrong
    if parts.scheme == _SOCKET:
        return "" if parts.path else wrong
    is_redis = parts.scheme in {"redis", "rediss"} and _has_host(parts) and _is_number(parts.path)
    return "" if is_redis or parts.scheme == _IN_MEMORY else wrong


def database_problem(url: str) -> str:
    """SQLite and PostgreSQL are what every data test runs on; nothing else is tried."""
    return "" if _DATABASE.match(url) else "must look like postgresql://user:password@host/name or sqlite:////path"


def web_problem(url: str) -> str:
    """An address of the web, with its host."""
    parts = _parts(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        return "must start with http:// or https://, and its port, if any, is a number"
    return "" if _has_host(parts) else "names no host; write it like https://reminders.clinic.example"


def smtp_problem(url: str) -> str:
    """Where and how e-mail is handed over."""
    parts = _parts(url)
    is_mail = parts is not None and parts.scheme in {"smtp", "smtps"} and _has_host(parts)
    return "" if is_mail else "must look like smtp[s]://user:pass@host:port?starttls=1, with a number for the port"


def imap_problem(url: str) -> str:
    """Where answers to e-mails are read, and with whose password."""
    parts = _parts(url)
    is_mailbox = parts is not None and parts.scheme in {"imap", "imaps"} and _has_host(parts)
    return "" if is_mailbox else "must look like imaps://user:pass@host:port/folder, with a number for the port"


def mail_from_problem(written: str) -> str:
    """An address, alone or as `Name <address>`. Whether anybody is there, only sending tells."""
    try:
        validate_email(parseaddr(written)[1], check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return "is no e-mail address; write it like care@clinic.example"
    return ""


def number_problem(number: str) -> str:
    """Twilio takes numbers in E.164."""
    return "" if _E164.fullmatch(number) else "write it with + and the country's code, no spaces: +15145550123"


def folder_problem(folder: Path) -> str:
    """The data folder need not be there yet, but nothing else may stand in its place."""
    try:
        return "is not a folder" if folder.exists() and not folder.is_dir() else ""
    except OSError as error:
        return f"cannot be used ({type(error).__name__})"


def _key_problem(key: str) -> str:
    try:
        parse_key(key)
    except CryptoError as error:
        return str(error)
    return ""


def _parts(url: str) -> SplitResult | None:
    """The URL's parts; None if it cannot be read, or its port is none."""
    try:
        parts = urlsplit(url)
        is_port = parts.port != 0
    except ValueError:
        return None
    return parts if is_port else None


def _has_host(parts: SplitResult) -> bool:
    return bool(parts.hostname and _HOST.fullmatch(parts.hostname))


def _is_number(path: str) -> bool:
    number = path.strip("/")
    return not number or number.isdigit()
