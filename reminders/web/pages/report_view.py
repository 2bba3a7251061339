"""The report as its page shows it: figures beside those of the period before, and what is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from reminders.care.reports import ReplyReport
from reminders.web import charts
from reminders.web.charts import Captions, Mark
from reminders.web.i18n import Catalogue, catalogue
from reminders.web.moments import Words
from reminders.web.visitors import Member

FEW = 20
"""Of fewer than so many no share is told in per cent: it would sound surer than it is."""

_FIGURES = (
    ("sent", ""),
    ("texts_delivered", "texts"),
    ("emails", ""),
    ("replied", "sent"),
    ("patients_replied", ""),
    ("red_flags", ""),
    ("opt_outs", ""),
    ("unreachable", ""),
)
_OUTCOMES = (
    ("clear", "good"),
    ("improving", "accent"),
    ("persisting", "warn"),
    ("urgent", "danger"),
    ("no_answer", "soft"),
)
_FUNNEL = (("consults_offered", ""), ("consults_booked", "consults_offered"), ("consults_attended", "consults_offered"))
_LAST_DAYS = (7, 30, 90)


@dataclass(frozen=True)
class Preset:
    """A period that is often asked for: its text's key, and both dates."""

    key: str
    start: date
    end: date


@dataclass(frozen=True)
class Figure:
    """A figure in the reader's words. change: against the period before, with its sign."""

    key: str
    shown: str
    note: str
    before: str
    change: str


def presets(today: date) -> Sequence[Preset]:
    """The last 7, 30 and 90 days, and this month, all up to today."""
    last = [Preset(f"last_{days}", today - timedelta(days=days - 1), today) for days in _LAST_DAYS]
    return [*last, Preset("this_month", today.replace(day=1), today)]


def context(member: Member, report: ReplyReport, before: ReplyReport) -> dict[str, Any]:
    """What the template shows of a report beside the one of the period before."""
    texts, words = catalogue(member.language), Words(member.language, member.zone)
    figures = [_figure(report, before, key, whole, texts, words) for key, whole in _FIGURES]
    outcomes = [(key, "check_ins_sent", tone) for key, tone in _OUTCOMES]
    funnel = [(key, whole, "accent") for key, whole in _FUNNEL]
    drawn = {
        "outcomes": _bars(report, "check_ins", outcomes, report.check_ins_sent, texts, words),
        "funnel": _bars(report, "consults", funnel, report.consults_offered, texts, words),
    }
    return {"figures": figures, "before": before, **drawn}


def _figure(report: ReplyReport, before: ReplyReport, key: str, whole: str, texts: Catalogue, words: Words) -> Figure:
    value, earlier = getattr(report, key), getattr(before, key)
    change = value - earlier
    sign = "+" if change > 0 else "−" if change else "±"
    note = _share(value, getattr(report, whole), texts, words) if whole else ""
    return Figure(key, words.number(value), note, words.number(earlier), f"{sign}{words.number(abs(change))}")


def _bars(
    report: ReplyReport, name: str, rows: Sequence[tuple[str, str, str]], top: int, texts: Catalogue, words: Words
) -> Markup:
    captions = Captions(
        texts.text(f"report.{name}"), texts.text("report.table"), texts.text("report.what"), texts.text("report.count")
    )
    marks = []
    for key, whole, tone in rows:
        value = getattr(report, key)
        shown = words.number(value)
        if whole:
            shown += f" ({_share(value, getattr(report, whole), texts, words)})"
        marks.append(Mark(texts.text(f"report.{key}"), value, shown, tone))
    return charts.bars(captions, marks, top or 1)


def _share(part: int, whole: int, texts: Catalogue, words: Words) -> str:
    """ "40% of 30", or of a few "3 of 10, few (n < 20)"."""
    if whole < FEW:
        return texts.text("report.few", part=words.number(part), whole=words.number(whole))
    return texts.text("report.of", share=words.percent(part, whole), whole=words.number(whole))
