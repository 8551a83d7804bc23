"""Origins: whose pages may read the answers, where that is more than anybody meant."""

import re
from typing import Iterator, Pattern

from microframe.checks.stance import Subject
from microframe.middleware.cors import STRANGERS, CORSMiddleware
from microframe.plugin import Finding, Severity

NAMED_HOST = re.compile(r"(?:[A-Za-z0-9-]+\\?\.)+[A-Za-z][A-Za-z0-9-]*")
"""A host name as a regular expression has it, with its dots escaped or not."""


def find_wide_origins(subject: Subject) -> Iterator[Finding]:
    """CORS that lets pages of any origin, of a neighbouring name, or of no origin at all read the answers."""
    for made in subject.made:
        if isinstance(made.middleware, CORSMiddleware):
            for problem, severity, remedy in problems_of(made.middleware):
                yield Finding(
                    "cors-wide", f"CORSMiddleware: {problem}", *made.place, severity=severity, remedy=remedy
                )


def problems_of(cors: CORSMiddleware) -> "Iterator[tuple[str, Severity, str]]":
    if cors.allows_all:
        yield "pages of any origin may read the answers", "warning", "Name the origins in allow_origins."
        return
    if cors.pattern is None:
        return
    severity: Severity = "error" if cors.credentials else "warning"
    pattern = f"allow_origin_regex={cors.pattern.pattern!r}"
    admitted = next(
        (one for one in (*STRANGERS, *neighbours(cors.pattern)) if cors.pattern.fullmatch(one)), None
    )
    if admitted is not None:
        remedy = "Escape its dots, and let a name be followed and preceded by nothing else."
        yield f"{pattern} lets {admitted} read the answers", severity, remedy


def neighbours(pattern: Pattern[str]) -> Iterator[str]:
    """Origins of others that look like those which a pattern names."""
    for found in NAMED_HOST.findall(pattern.pattern):
        host = found.replace("\\", "").lower()
        for scheme in ("https", "http"):
            yield f"{scheme}://evil{host}"
            yield f"{scheme}://{host}.evil.example"
            yield f"{scheme}://x.{host}.evil.example"
            yield f"{scheme}://{host.replace('.', 'x', 1)}"
