"""Links of the Markdown files: every relative one leads to a file, and to a heading where it names one."""

import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^ *(```|~~~).*?^ *\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]: *(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#+ +(.+?) *#*$", re.MULTILINE)


def documents() -> list[Path]:
    """The Markdown files that belong to the project."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])


def anchors(text: str) -> set[str]:
    """The fragments a document's headings can be reached by."""
    plain = (re.sub(r"[`*_]|\]\([^)]*\)|\[", "", heading) for heading in HEADING.findall(FENCE.sub("", text)))
    kept = (
        "".join(c for c in title.lower() if c in "- " or unicodedata.category(c)[0] in "LN")
        for title in plain
    )
    return {title.strip().replace(" ", "-") for title in kept}


def broken(document: Path) -> Iterator[str]:
    """The links of one document that lead nowhere."""
    text = document.read_text(encoding="utf-8")
    for match in LINK.finditer(CODE.sub("", FENCE.sub("", text))):
        link = match.group(1) or match.group(2)
        if re.match(r"[a-z]+:", link):
            continue  # another site: not asked, so the check needs no network
        path, _, fragment = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists():
            yield f"{document.relative_to(ROOT)}: {link}: no such file"
        elif (
            fragment
            and target.suffix == ".md"
            and fragment not in anchors(target.read_text(encoding="utf-8"))
        ):
            yield f"{document.relative_to(ROOT)}: {link}: no such heading"


def main() -> int:
    """Name what is broken; the exit code says whether anything is."""
    found = [line for document in documents() for line in broken(document)]
    print("\n".join([*found, f"{len(documents())} documents, {len(found)} broken links"]))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
