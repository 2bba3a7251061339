"""Charts: data to SVG with a table beside it; attributes and classes alone, since no page may carry a style of its own.

Across, all is in per cent of the width and nothing is scaled, so letters keep their size on a phone; down, it is in
pixels. Colours and what shows on hover and focus are `static/charts.css`, which a page links in its head.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10

from markupsafe import Markup

_ROW, _BAR = 46, 14
_PLOT_TOP, _PLOT_HEIGHT, _FOOT = 26, 150, 28
_LEFT, _RIGHT, _NEAR_EDGE = 9.0, 97.0, 25
_LONGEST_LABEL, _MOST_LABELS, _MOST_VALUES = 32, 7, 10


@dataclass(frozen=True)
class Captions:
    """What a chart is called, and its table: the link to it, the head of its labels and of its values."""

    name: str
    table: str
    label: str
    value: str


@dataclass(frozen=True)
class Mark:
    """One thing drawn: a bar, a point, a part of a column.

    value: how long or how high, never below 0. shown: the same in the reader's words ("12 of 30, 40%").
    tone: accent, good, warn, danger or soft. low, high: the interval around a bar's value, drawn as a whisker.
    at: where a point stands from left to right (a day's number); evenly spaced when one of a line has none.
    href: where pressing it leads.
    """

    label: str
    value: float
    shown: str
    tone: str = "accent"
    low: float | None = None
    high: float | None = None
    at: float | None = None
    href: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a stacked chart: in each the same parts, in the same order. shown: the whole, in its table."""

    label: str
    shown: str
    parts: Sequence[Mark]


def bars(captions: Captions, marks: Sequence[Mark], top: float | None = None) -> Markup:
    """A bar a line, its label and value above it; `top` is what fills the width (else the longest)."""
    whole = top or max([mark.high or mark.value for mark in marks], default=0) or 1
    drawn = [_bar(mark, index * _ROW, whole) for index, mark in enumerate(marks)]
    return _figure(captions, drawn, len(marks) * _ROW, _two_columns(captions, marks))


def line(captions: Captions, marks: Sequence[Mark], top: float | None = None) -> Markup:
    """Points joined by a line, from 0 to `top` (10 for severities; else a round number above the highest)."""
    whole = top or _round_up(max((mark.value for mark in marks), default=0))
    spots = [(x, _height(mark.value, whole)) for mark, x in zip(marks, _places(marks), strict=True)]
    joins = [_join(*pair) for pair in pairwise(spots)]
    points = [_point(mark, *spot) for mark, spot in zip(marks, spots, strict=True)]
    labels = _labels([(mark.label, x) for mark, (x, _) in zip(marks, spots, strict=True)])
    drawn = [*_grid(whole), *joins, *labels, *points]
    kind = "line" if len(marks) <= _MOST_VALUES else "line quiet"
    return _figure(captions, drawn, _PLOT_TOP + _PLOT_HEIGHT + _FOOT, _two_columns(captions, marks), kind)


def stacked(captions: Captions, columns: Sequence[Column]) -> Markup:
    """Columns side by side, each of its parts from below; what a part comes to shows above its column."""
    whole = _round_up(max((sum(part.value for part in column.parts) for column in columns), default=0))
    wide = (_RIGHT - _LEFT) / max(len(columns), 1)
    middles = [_LEFT + wide * (index + 0.5) for index in range(len(columns))]
    drawn = _grid(whole)
    for column, middle in zip(columns, middles, strict=True):
        drawn += _parts(column, middle, min(wide * 0.7, 12), whole)
    drawn += _labels([(column.label, x) for column, x in zip(columns, middles, strict=True)])
    parts = columns[0].parts if columns else []
    heads = [captions.label, *(part.label for part in parts), captions.value]
    rows = [[column.label, *(part.shown for part in column.parts), column.shown] for column in columns]
    legend = _tag("ul", {"class": "legend"}, *(_tag("li", {"class": f"tone-{p.tone}"}, p.label) for p in parts))
    table = _table(captions, heads, rows)
    return _figure(captions, drawn, _PLOT_TOP + _PLOT_HEIGHT + _FOOT, legend + table, "stacked quiet")


def _bar(mark: Mark, y: int, whole: float) -> Markup:
    def across(value: float) -> float:
        return min(value / whole, 1) * 100

    low, high = mark.low, mark.high
    middle = y + 22 + _BAR / 2
    shapes = [
        _tag("text", {"x": 0, "y": y + 15, "class": "label"}, _shortened(mark.label)),
        _tag("rect", {"x": 0, "y": y + 22, "width": "100%", "height": _BAR, "class": "ground"}),
        _tag("rect", {"x": 0, "y": y + 22, "width": _percent(across(mark.value)), "height": _BAR, "class": "shape"}),
    ]
    if low is not None and high is not None:
        ends = {"x1": _percent(across(low)), "x2": _percent(across(high)), "y1": middle, "y2": middle}
        shapes.append(_tag("line", {**ends, "class": "whisker"}))
    place = {"x": "100%", "y": y + 15, "text-anchor": "end", "class": "value"}
    return _mark(mark, mark.label, [*shapes, _tag("text", place, mark.shown)])


def _point(mark: Mark, x: float, y: float) -> Markup:
    spot = {"cx": _percent(x), "cy": y}
    shapes = [
        _tag("circle", {**spot, "r": 14, "class": "reach"}),
        _tag("circle", {**spot, "r": 5, "class": "shape"}),
        _tag("text", {"x": _percent(x), "y": y - 11, "text-anchor": _anchor(x), "class": "value"}, mark.shown),
    ]
    return _mark(mark, mark.label, shapes)


def _parts(column: Column, middle: float, wide: float, whole: float) -> list[Markup]:
    drawn, below = [], 0.0
    for part in column.parts:
        top, bottom = _height(below + part.value, whole), _height(below, whole)
        below += part.value
        if not part.value:
            continue
        box = {"x": _percent(middle - wide / 2), "y": top, "width": _percent(wide), "height": bottom - top}
        place = {"x": _percent(middle), "y": 14, "text-anchor": _anchor(middle), "class": "value"}
        words = _tag("text", place, f"{part.label}: {part.shown}")
        drawn.append(_mark(part, f"{column.label}, {part.label}", [_tag("rect", {**box, "class": "shape"}), words]))
    return drawn


def _mark(mark: Mark, said: str, shapes: Sequence[Markup]) -> Markup:
    """One thing that can be pointed at and reached by the keyboard, which says what it is."""
    words = f"{said}: {mark.shown}"
    kind = {"class": f"mark tone-{mark.tone}", "aria-label": words}
    shapes = [_tag("title", {}, words), *shapes]
    if mark.href:
        return _tag("a", {"href": mark.href, **kind}, *shapes)
    return _tag("g", {"tabindex": 0, "role": "img", **kind}, *shapes)


def _grid(whole: float) -> list[Markup]:
    drawn = []
    for value in (0, whole / 2, whole):
        y = _height(value, whole)
        ends = {"x1": _percent(_LEFT), "x2": "100%", "y1": y, "y2": y, "class": "grid"}
        drawn += [_tag("line", ends), _tag("text", {"x": 0, "y": y + 4, "class": "axis"}, f"{value:g}")]
    return drawn


def _labels(placed: Sequence[tuple[str, float]]) -> list[Markup]:
    """The words below a plot: every one, or every second or third where there is no room for all."""
    every = -(-len(placed) // _MOST_LABELS) or 1
    y = _PLOT_TOP + _PLOT_HEIGHT + 20
    kept = placed[::every]
    return [_tag("text", {"x": _percent(x), "y": y, "text-anchor": "middle", "class": "axis"}, t) for t, x in kept]


def _join(start: tuple[float, float], end: tuple[float, float]) -> Markup:
    ends = {"x1": _percent(start[0]), "y1": start[1], "x2": _percent(end[0]), "y2": end[1]}
    return _tag("line", {**ends, "class": "join"})


def _places(marks: Sequence[Mark]) -> list[float]:
    first, last = _LEFT + 6, _RIGHT - 4
    known = [mark.at for mark in marks if mark.at is not None]
    places = known if len(known) == len(marks) else [float(index) for index in range(len(marks))]
    if not places or max(places) == min(places):
        return [(first + last) / 2 for _ in places]
    return [first + (place - min(places)) / (max(places) - min(places)) * (last - first) for place in places]


def _height(value: float, whole: float) -> float:
    return round(_PLOT_TOP + _PLOT_HEIGHT * (1 - min(value / whole, 1)), 1)


def _round_up(value: float) -> float:
    """The next of 2, 4, 10, 20, 40, 100, ... that is not below: half of it is a whole number too."""
    power = 10.0 ** floor(log10(value)) if value >= 1 else 1.0
    return max(2, next(step * power for step in (1, 2, 4, 10) if step * power >= value))


def _anchor(x: float) -> str:
    return "start" if x < _NEAR_EDGE else "end" if x > 100 - _NEAR_EDGE else "middle"


def _shortened(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1].rstrip() + "…"


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def _two_columns(captions: Captions, marks: Sequence[Mark]) -> Markup:
    return _table(captions, [captions.label, captions.value], [[mark.label, mark.shown] for mark in marks])


def _table(captions: Captions, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    head = _tag("tr", {}, *(_tag("th", {"scope": "col"}, text) for text in heads))
    body = [_tag("tr", {}, _tag("th", {"scope": "row"}, row[0]), *(_tag("td", {}, c) for c in row[1:])) for row in rows]
    caption = _tag("caption", {"class": "hidden"}, captions.name)
    table = _tag("table", {}, caption, _tag("thead", {}, head), _tag("tbody", {}, *body))
    return _tag("details", {}, _tag("summary", {}, captions.table), _tag("div", {"class": "scroll"}, table))


def _figure(captions: Captions, drawn: Sequence[Markup], height: int, after: Markup, kind: str = "bars") -> Markup:
    frame = {"class": f"chart {kind}", "role": "group", "aria-label": captions.name, "width": "100%", "height": height}
    picture = _tag("svg", frame, *drawn)
    return _tag("figure", {"class": "charted"}, _tag("figcaption", {}, captions.name), picture, after)


def _tag(name: str, attributes: dict[str, object], *children: str) -> Markup:
    written = Markup("").join(Markup(' {}="{}"').format(key, value) for key, value in attributes.items())
    inside = Markup("").join(children)
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, inside)
