"""What of the work a look at Today is at, as its address says: whose, which group, which page."""

from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from reminders.care.targets import Group
from reminders.care.worklist import Asked, Whose
from reminders.web.visitors import Member

_MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class View:
    """A part of the work. Whatever an address says that makes no sense counts as not said."""

    whose: Whose = Whose.ALL
    group: Group | None = None
    page: int = 1

    @classmethod
    def of(cls, given: QueryParams) -> Self:
        """What an address asks for."""
        whose, group, page = given.get("whose", ""), given.get("group", ""), given.get("page", "")
        is_page = page.isascii() and page.isdigit() and 0 < int(page[:5]) < _MOST_PAGES
        return cls(
            whose=Whose(whose) if whose in set(Whose) else Whose.ALL,
            group=Group(group) if group in set(Group) else None,
            page=int(page[:5]) if is_page else 1,
        )

    def asked(self, member: Member) -> Asked:
        """The same as a question to the worklist."""
        return Asked(member.staff.id, self.whose, self.group, self.page)

    def with_whose(self, whose: Whose) -> str:
        """The address of the same for somebody else's work."""
        return replace(self, whose=whose, page=1).path

    def with_group(self, group: Group | None) -> str:
        """The address of the same for another group."""
        return replace(self, group=group, page=1).path

    def with_page(self, page: int) -> str:
        """The address of another page of the same."""
        return replace(self, page=page).path

    @property
    def query(self) -> str:
        """The same as the end of an address, "" for all of it."""
        said = {
            "whose": "" if self.whose is Whose.ALL else self.whose.value,
            "group": self.group.value if self.group else "",
            "page": str(self.page) if self.page > 1 else "",
        }
        found = urlencode({key: value for key, value in said.items() if value})
        return f"?{found}" if found else ""

    @property
    def path(self) -> str:
        """The address of the page that shows it."""
        return f"/{self.query}"

    def telling(self, **told: str) -> str:
        """The address of the page that shows it and tells what was done."""
        joint = "&" if self.query else "?"
        return f"{self.path}{joint}{urlencode(told)}"
