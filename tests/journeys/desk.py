"""A member of staff at a browser, over real HTTP: opens pages, fills in the forms on them, follows where they lead."""

from html.parser import HTMLParser
from types import TracebackType
from typing import Self

import httpx


class Desk:
    """A browser without scripts. What a form holds already (its token, what was typed before) goes along with it."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, follow_redirects=True, timeout=30, trust_env=False)
        self.page = ""
        self.path = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def open(self, path: str) -> str:
        """The page at `path`, wherever it leads."""
        return self._arrive(self._client.get(path))

    def send(self, **typed: str) -> str:
        """Send the page's main form with its hidden fields and what is typed; the page that follows."""
        hidden = _Hidden()
        hidden.feed(self.page[self.page.index("<main") :])
        return self._arrive(self._client.post(self.path, data=hidden.fields | typed))

    def _arrive(self, answer: httpx.Response) -> str:
        answer.raise_for_status()
        self.page, self.path = answer.text, answer.url.path
        return self.page


class _Hidden(HTMLParser):
    """The hidden fields of a page's first form."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._forms = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a hidden field."""
        given = {name: value or "" for name, value in attrs}
        self._forms += tag == "form"
        if tag == "input" and given.get("type") == "hidden" and self._forms == 1:
            self.fields[given["name"]] = given["value"]
