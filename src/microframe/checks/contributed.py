"""Contributed: the checks that plugins have left with the application."""

from typing import Iterator

from microframe.checks.stance import Subject
from microframe.exceptions import SetupError
from microframe.plugin import Check, Finding


def find_contributed(subject: Subject) -> Iterator[Finding]:
    """What each `Check` of a plugin finds.

    Raises:
        SetupError: one cannot be made; the text names it.
    """
    for check in [record for record in subject.application.records if isinstance(record, Check)]:
        try:
            found = list(check.find())
        except Exception as exc:
            raise SetupError(f"the check {check.name!r} failed: {type(exc).__name__}: {exc}") from exc
        for one in found:
            yield one if isinstance(one, Finding) else Finding(check.name, one)
