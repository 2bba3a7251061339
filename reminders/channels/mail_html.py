"""The text of an e-mail that has only HTML: blocks become lines, quotations begin with ">". Loads nothing."""

import re
from html import unescape

_UNSEEN = frozenset({"head", "style", "script", "title", "template"})
_BLOCKS = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
)
_CELLS = frozenset({"td", "th"})
_BLANKS = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\n{3,}")
_TOKEN = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]*+)[^<>]*+>|<[!?/][^<>]*+>|[^<]++|<")
"""A tag, a declaration, text, or a bracket that begins nothing. Possessive, so that no page takes longer than in
proportion: the standard library's parser needs minutes for a hundred kilobytes of brackets that nobody closes."""
_DEEPEST = 5
"""More marks of quotation than these tell nothing, and each line would carry them."""
_MOST = 60_000
"""So many characters are read of a page."""


def html_text(html: str) -> str:
    """What a person would read of `html`, however broken it is."""
    reader = _Reader()
    for token in _TOKEN.finditer(_without_comments(html)):
        closing, tag = token[1], token[2]
        if tag:
            (reader.end if closing else reader.start)(tag.lower())
        elif not token[0].startswith(("<!", "<?", "</")):
            reader.say(unescape(token[0]))
        if reader.length > _MOST:
            break
    return reader.text()


def _without_comments(html: str) -> str:
    kept, at = [], 0
    while (begin := html.find("<!--", at)) >= 0:
        kept.append(html[at:begin])
        end = html.find("-->", begin)
        if end < 0:
            return "".join(kept)
        at = end + len("-->")
    return "".join([*kept, html[at:]])


class _Reader:
    def __init__(self) -> None:
        self.length = 0
        self._lines: list[str] = []
        self._line: list[str] = []
        self._unseen = 0
        self._quoted = 0

    def start(self, tag: str) -> None:
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
            self._line.append(" ")

    def end(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif tag == "blockquote":
            self._end_line()
            self._quoted = max(self._quoted - 1, 0)
        elif tag in _BLOCKS and tag != "br":
            self._end_line()
            if tag == "p":
                self._add(self._mark().strip())

    def say(self, text: str) -> None:
        if not self._unseen:
            self._line.append(_BLANKS.sub(" ", text))
            self.length += len(text)

    def text(self) -> str:
        self._end_line()
        return _EMPTY_LINES.sub("\n\n", "\n".join(self._lines)).strip()

    def _end_line(self, *, is_break: bool = False) -> None:
        line = _BLANKS.sub(" ", "".join(self._line)).strip()
        if line or is_break:
            self._add((self._mark() + line).strip())
        self._line = []

    def _add(self, line: str) -> None:
        self._lines.append(line)
        self.length += 1 + 2 * min(self._quoted, _DEEPEST)

    def _mark(self) -> str:
        return "> " * min(self._quoted, _DEEPEST)
