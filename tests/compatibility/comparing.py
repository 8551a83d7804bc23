"""Comparing: what two frameworks answered to the same requests, and where they differ."""

from typing import List

from tests.compatibility.asking import Ask, Told

IGNORED = {"content-length", "date", "server", "etag", "allow"}
"""Headers that say nothing of compatibility; `Allow` has the automatic HEAD and OPTIONS."""


def differences(asks: List[Ask], theirs: List[Told], ours: List[Told]) -> List[str]:
    """One text for each request that was answered differently."""
    return [
        f"{ask}\n  FastAPI:    {show(one)}\n  MicroFrame: {show(other)}"
        for ask, one, other in zip(asks, theirs, ours)
        if not same(one, other)
    ]


def same(theirs: Told, ours: Told) -> bool:
    """Whether status and body are equal, and ours has every header that theirs has."""
    if (theirs.status, theirs.body) != (ours.status, ours.body):
        return False
    return all(
        ours.headers.get(name) == value for name, value in theirs.headers.items() if name not in IGNORED
    )


def show(told: Told) -> str:
    return f"{told.status} {told.body} {told.headers}"
