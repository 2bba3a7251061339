"""Charts: each mark says what it is, each has its row in the table, nothing is drawn outside, no style is carried.

Seen to fail when: a label was taken for markup; a mark lost its tabindex; a value above the top left the plot; empty
parts were drawn; a table lost a row.
"""

from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from reminders.web import charts
from reminders.web.charts import Captions, Column, Mark
from reminders.web.views import STATIC

CAPTIONS = Captions("Severity", "As a table", "Day", "Value")
DAYS = [Mark("Day 1", 4, "4 of 10", at=1), Mark("Day 3", 6, "6 of 10", "warn", at=3), Mark("Day 7", 2, "2 of 10", at=7)]
WEEKS = [
    Column("3 March", "5", [Mark("Clear", 3, "3", "good"), Mark("Persisting", 2, "2", "warn")]),
    Column("10 March", "4", [Mark("Clear", 4, "4", "good"), Mark("Persisting", 0, "0", "warn")]),
]


def _read(markup: str) -> ET.Element:
    return ET.fromstring(f"<div>{markup}</div>")


def _marks(tree: ET.Element) -> list[ET.Element]:
    return [node for node in tree.iter() if "mark" in node.get("class", "").split()]


def _rows(tree: ET.Element) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row] for row in tree.iter("tr")]


@pytest.mark.parametrize("draw", [charts.bars, charts.line])
def test_each_mark_is_reached_and_says_its_value(draw: Callable[[Captions, Sequence[Mark]], Markup]) -> None:
    tree = _read(draw(CAPTIONS, DAYS))
    assert [mark.get("aria-label") for mark in _marks(tree)] == [f"{day.label}: {day.shown}" for day in DAYS]
    assert all(mark.get("tabindex") == "0" and mark.get("role") == "img" for mark in _marks(tree))
    values = [node.text for node in tree.iter("text") if node.get("class") == "value"]
    assert values == [day.shown for day in DAYS]
    picture = next(tree.iter("svg"))
    assert (picture.get("role"), picture.get("aria-label")) == ("group", "Severity")
    assert _rows(tree) == [["Day", "Value"], *([day.label, day.shown] for day in DAYS)]


def test_no_style_and_nothing_of_the_callers_is_markup() -> None:
    hostile = Mark('<script>"&', 3, "<b>3</b>", href="/reports?a=1&b=2")
    drawn = charts.bars(Captions("<i>", "<i>", "<i>", "<i>"), [hostile]) + charts.line(CAPTIONS, [hostile])
    assert "<script" not in drawn
    assert "<b>" not in drawn
    assert "<i>" not in drawn
    assert "style=" not in drawn + charts.stacked(CAPTIONS, WEEKS)


def test_points_stand_at_their_days_and_within_the_plot() -> None:
    tree = _read(charts.line(CAPTIONS, [*DAYS, Mark("Day 9", 14, "14", at=9)], top=10))
    spots = [(float((n.get("cx") or "")[:-1]), float(n.get("cy") or "")) for n in tree.iter("circle")][::2]
    first, third, seventh, ninth = (x for x, _ in spots)
    assert (seventh - third) / (third - first) == pytest.approx(2, abs=0.01)
    assert 0 < first < ninth < 100
    assert min(y for _, y in spots) == spots[3][1] == 26
    assert spots[2][1] > spots[0][1] > spots[1][1], "higher is higher"


@pytest.mark.parametrize("marks", [[], DAYS[:1], [Mark("None", 0, "0")]])
def test_little_or_nothing_is_still_a_chart(marks: list[Mark]) -> None:
    for draw in (charts.bars, charts.line):
        assert len(_marks(_read(draw(CAPTIONS, marks)))) == len(marks)


def test_a_stacked_column_is_its_parts_and_an_empty_part_is_only_in_the_table() -> None:
    tree = _read(charts.stacked(CAPTIONS, WEEKS))
    said = [mark.get("aria-label") for mark in _marks(tree)]
    assert said == ["3 March, Clear: 3", "3 March, Persisting: 2", "10 March, Clear: 4"]
    heights = [float(n.get("height") or 0) for n in tree.iter("rect")]
    assert heights[0] / heights[1] == pytest.approx(1.5, abs=0.01)
    assert _rows(tree)[1:] == [["3 March", "3", "2", "5"], ["10 March", "4", "0", "4"]]
    assert [node.text for node in tree.iter("li")] == ["Clear", "Persisting"]


def test_an_interval_is_a_whisker_around_the_value_and_a_link_leads_on() -> None:
    tree = _read(charts.bars(CAPTIONS, [Mark("A", 0.5, "50%", low=0.25, high=1.0, href="/list")], top=1))
    whisker = next(tree.iter("line"))
    assert (whisker.get("x1"), whisker.get("x2")) == ("25.00%", "100.00%")
    assert [mark.get("href") for mark in _marks(tree)] == ["/list"]


def test_labels_thin_out_where_there_is_no_room() -> None:
    many = [Mark(f"Week {n}", n, str(n)) for n in range(53)]
    tree = _read(charts.line(CAPTIONS, many))
    below = [n.text for n in tree.iter("text") if n.get("class") == "axis" and (n.text or "").startswith("Week")]
    assert 5 <= len(below) <= 7


@pytest.mark.parametrize(("value", "top"), [(0, 2), (1, 2), (2, 2), (3, 4), (7, 10), (10, 10), (11, 20), (41, 100)])
def test_the_top_of_a_plot_is_round(value: float, top: float) -> None:
    tree = _read(charts.line(CAPTIONS, [Mark("A", value, "a")]))
    assert max(float(n.text or 0) for n in tree.iter("text") if n.get("class") == "axis" and n.get("x") == "0") == top


def test_every_tone_has_its_colour() -> None:
    css = (STATIC / "charts.css").read_text(encoding="utf-8")
    assert all(f".tone-{tone} {{" in css for tone in ("accent", "good", "warn", "danger", "soft"))
