"""HTML: pages from the files of `pages/`, with places to fill in, until the board has a template engine."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from microframe import HTMLResponse

PAGES = Path(__file__).parent / "pages"


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def fill(text: str, /, **values: object) -> Html:
    """HTML with values in its places (`$title`), each escaped unless it says itself how it looks (`__html__`)."""
    return Html(Template(text).substitute({name: as_html(value) for name, value in values.items()}))


def join(parts: Iterable[Html]) -> Html:
    return Html("".join(parts))


def show(page: str, /, **values: object) -> HTMLResponse:
    """A page of the folder, filled in."""
    return HTMLResponse(fill((PAGES / page).read_text(encoding="utf-8"), **values))


def as_html(value: object) -> str:
    given = getattr(value, "__html__", None)
    return str(given()) if given is not None else escape(str(value))
