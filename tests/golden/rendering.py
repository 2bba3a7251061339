"""The golden files: which there are, and what belongs in each."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reminders.models.kinds import Channel, Language
from reminders.wording.answers import ANSWERS, TAKING, about_answers, about_taking
from reminders.wording.render import Rendered, placeholders, render
from reminders.wording.samples import any_clinic, weighed
from reminders.wording.segments import count
from reminders.wording.texts import Text, find, templates
from schedules import library

FOLDER = Path(__file__).parent
UPDATE = "make golden"

_CLINIC = {"clinic": "Clinique Lumière", "phone": "514 555-0123", "address": "1234, rue Sherbrooke Ouest, Westmount"}
_LINKS = {
    "booking_url": "https://lumiere.example/rendez-vous",
    "unsubscribe_url": "https://rappels.example/u/SIGNED",
    "check_in_url": "https://rappels.example/c/0SIGNEDwith22characters",
    "url": "https://rappels.example/tickets/0199a4c2-7b1e-7c3d-8e4f-5a6b7c8d9e0f",
}
_PASSED_ON = {"subject": "(subject of a draft)", "body": "(a text of a draft)", "text": "(what staff wrote)"}
_NAMES = {Language.EN: "Olivia", Language.FR: "Geneviève"}
_HOURS = {Language.EN: "Mon-Fri 9:00-17:00", Language.FR: "lun-ven 9 h-17 h"}


def files() -> dict[str, str]:
    """What each file should say, by its name."""
    return {
        **{f"shared-{language}.txt": _page(list(templates()), language, None) for language in Language},
        **{
            f"{key}-{language}.txt": _page([f"step:{step}" for step in _steps(key)], language, _content(key))
            for key in library.available()
            for language in Language
        },
    }


def _content(key: str) -> Mapping[str, Any]:
    return library.content(library.load(key))


def _steps(key: str) -> list[str]:
    return [step.key for step in library.load(key).protocol.steps]


def _page(names: list[str], language: Language, content: Mapping[str, Any] | None) -> str:
    entries = [_entry(name, language, channel, content) for name in names for channel in Channel]
    return f"Written by `{UPDATE}`: change the texts, not this file.\n\n" + "\n\n".join(entries) + "\n"


def _entry(name: str, language: Language, channel: Channel, content: Mapping[str, Any] | None) -> str:
    text = find(name, language, channel, content)
    own = {"first_name": _NAMES[language], "hours": _HOURS[language], ANSWERS: about_answers(language, reads=False)}
    own[TAKING] = about_taking(language, reads=True)
    read = render(text, {**_CLINIC, **_LINKS, **_PASSED_ON, **own})
    answered = f"(Where the mailbox is read: {about_answers(language, reads=True)})"
    note = [answered] if ANSWERS in placeholders(text) else []
    return "\n".join([f"==== {name}, {channel}", *_head(read, text, channel), *note, "", read.body])


def _head(read: Rendered, text: Text, channel: Channel) -> Iterator[str]:
    if channel is Channel.EMAIL:
        yield f"Subject: {read.subject}"
        return
    cost, most = (
        count(read.body),
        count(render(text, weighed(text, {**any_clinic(channel), "url": _LINKS["url"]})).body),
    )
    yield f"{cost.encoding}, {cost.units} units, segments: {cost.count}; with the longest values {most.count}"
