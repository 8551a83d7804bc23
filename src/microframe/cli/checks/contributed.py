"""Contributed: the checks that plugins have left with the application."""

from typing import Iterator

from microframe import Application
from microframe.cli.failure import FAILED, Failure, place_of
from microframe.plugin import Check, Finding


def find_contributed(app: Application) -> Iterator[Finding]:
    """What each `Check` of a plugin finds.

    Raises:
        Failure: one cannot be made; the text names it.
    """
    for check in [record for record in app.records if isinstance(record, Check)]:
        try:
            found = list(check.find())
        except Exception as exc:
            place = place_of(exc)
            raise Failure(
                f"the check {check.name!r} failed: {type(exc).__name__}: {exc}"
                + (f" ({place})" if place else ""),
                FAILED,
            ) from exc
        for one in found:
            yield one if isinstance(one, Finding) else Finding(check.name, one)
