"""Starter protocols as data: the steps, their names for staff, and their texts in every language."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from schedules.protocol import Protocol, protocol_from_data, protocol_to_data

Texts = dict[str, dict[str, dict[str, dict[str, str]]]]
"""texts[language][step key][channel] -> {"body": ...} for sms, {"subject": ..., "body": ...} for email."""

_FIELDS: Mapping[str, frozenset[str]] = {"sms": frozenset({"body"}), "email": frozenset({"subject", "body"})}
_ROOT = resources.files(__name__)


@dataclass(frozen=True, slots=True)
class LibraryProtocol:
    """A protocol with its name by language (for staff, never in a text) and its texts.

    `for_new_clinics`: whether a clinic begins with it published; any other waits until somebody there approves it.

    Raises:
        ValueError: a step lacks a text in a language or on a channel: an untranslated step cannot be published.
    """

    protocol: Protocol
    name: dict[str, str]
    texts: Texts
    for_new_clinics: bool = False

    def __post_init__(self) -> None:
        steps = {step.key for step in self.protocol.steps}
        for language in self.name:
            texts = self.texts.get(language, {})
            if set(texts) != steps:
                raise ValueError(f"Protocol {self.protocol.key}: not the same steps in {language!r}: {sorted(texts)}.")
            for step, channels in texts.items():
                _check_channels(f"{self.protocol.key}, {language}, {step}", channels)


def available() -> tuple[str, ...]:
    """The keys of the starter protocols, sorted."""
    return tuple(sorted(entry.name for entry in _ROOT.iterdir() if (entry / "protocol.toml").is_file()))


def load(key: str) -> LibraryProtocol:
    """The starter protocol of this key, read afresh, so nobody can change it for others.

    Raises:
        ValueError: there is none of this key.
    """
    if key not in available():
        raise ValueError(f"no starter protocol {key!r}; there are: {', '.join(available())}")
    data = _read(key, "protocol")
    texts = {language: _stripped(_read(key, language)) for language in data["name"]}
    return LibraryProtocol(protocol_from_data(data), dict(data["name"]), texts, data["for_new_clinics"])


def content(library: LibraryProtocol) -> dict[str, Any]:
    """What a protocol version stores: {"key", "steps", "texts"}, JSON-safe; `protocol_from_data` reads it back."""
    return {**protocol_to_data(library.protocol), "texts": library.texts}


def _read(key: str, name: str) -> dict[str, Any]:
    return tomllib.loads((_ROOT / key / f"{name}.toml").read_text(encoding="utf-8"))


def _stripped(steps: dict[str, dict[str, dict[str, str]]]) -> dict[str, dict[str, dict[str, str]]]:
    """The same texts without the line end that a TOML block needs before its closing quotes."""
    return {
        step: {channel: {field: text.strip() for field, text in fields.items()} for channel, fields in channels.items()}
        for step, channels in steps.items()
    }


def _check_channels(where: str, channels: Mapping[str, Mapping[str, str]]) -> None:
    if set(channels) != set(_FIELDS):
        raise ValueError(f"{where}: there must be an sms and an email text.")
    for channel, fields in channels.items():
        if set(fields) != _FIELDS[channel] or not all(text.strip() for text in fields.values()):
            raise ValueError(f"{where}, {channel}: there must be {' and '.join(sorted(_FIELDS[channel]))}, not empty.")
