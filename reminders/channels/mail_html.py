"""The text of an e-mail that has only HTML: blocks become lines, quotations begin with ">". Loads nothing."""

import re
from html.parser import HTMLParser

_UNSEEN = frozenset({"head", "style", "script", "title", "template"})
_BLOCKS = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
)
_CELLS = frozenset({"td", "th"})
_BLANKS = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def html_text(html: str) -> str:
    """What a person would read of `html`, however broken it is."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._unseen = 0
        self._quoted = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "body":
            # A head that was never closed must not hide everything.
            self._unseen = 0
        elif tag == "blockquote":
            self._end_line()
            self._quoted += 1
        elif tag in _BLOCKS:
            self._end_line(is_break=tag == "br")
        elif tag in _CELLS:
            self._line += " "

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif tag == "blockquote":
            self._end_line()
            self._quoted = max(self._quoted - 1, 0)
        elif tag in _BLOCKS and tag != "br":
            self._end_line()
            if tag == "p":
                self._lines.append(self._mark().strip())

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._line += _BLANKS.sub(" ", data)

    def text(self) -> str:
        self._end_line()
        return _EMPTY_LINES.sub("\n\n", "\n".join(self._lines)).strip()

    def _end_line(self, *, is_break: bool = False) -> None:
        line = self._line.strip()
        if line or is_break:
            self._lines.append((self._mark() + line).strip())
        self._line = ""

    def _mark(self) -> str:
        return "> " * self._quoted
