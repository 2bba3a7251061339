"""The design system, shown: for whoever draws the next page, and for whoever checks that it can be read."""

from fastapi import APIRouter
from starlette.responses import Response

from reminders.web.access import Reader
from reminders.web.palette import PAIRS, contrast, palette
from reminders.web.views import page

router = APIRouter(include_in_schema=False)

_STEPS = ("s1", "s2", "s3", "s4", "s5", "s6", "s7")


@router.get("/design")
def show(member: Reader) -> Response:
    """Type, spaces, colours with their contrast, and the parts that pages are made of, in the reader's own theme."""
    themes = palette()
    colours = [
        (pair, contrast(themes.light[pair.colour], themes.light[pair.ground]),
         contrast(themes.dark[pair.colour], themes.dark[pair.ground]))
        for pair in PAIRS
    ]  # fmt: skip
    return page(member, "design.html", colours=colours, steps=_STEPS, problems={})
