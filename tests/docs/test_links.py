"""Every relative link of the documentation leads somewhere, and every page can be reached."""

from pathlib import Path

import pytest

from scripts.check_links import CODE, FENCE, LINK, broken, documents
from tests.docs.pages import ROOT, name_of


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_the_links_of_a_document_lead_somewhere(document: Path) -> None:
    assert list(broken(document)) == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    waiting, reached = [ROOT / "README.md"], set[Path]()
    while waiting:
        page = waiting.pop()
        if page.suffix == ".md" and page.exists() and page not in reached:
            reached.add(page)
            text = CODE.sub("", FENCE.sub("", page.read_text(encoding="utf-8")))
            links = [(found[1] or found[2]).partition("#")[0] for found in LINK.finditer(text)]
            waiting += [(page.parent / link).resolve() for link in links if link]
    assert set((ROOT / "docs").rglob("*.md")) - reached == set()
