"""Logins: routes where passwords can be tried, and nobody counts how often."""

from typing import Iterator

from microframe.checks.processes import is_shared
from microframe.checks.stance import Stance, Subject
from microframe.plugin import Finding


def find_unlimited_logins(subject: Subject) -> Iterator[Finding]:
    """A login without a rate limit: passwords are tried by the thousand."""
    for stance in subject.stances:
        if is_login(stance) and not stance.posture.limits:
            yield Finding(
                "login-unlimited",
                f"{stance} takes passwords, and has no rate limit",
                *stance.place,
                severity="error",
                remedy='Give it one: limit=Limit("5/minute", fail_closed=True).',
            )


def find_login_limits_that_open(subject: Subject) -> Iterator[Finding]:
    """A login whose limits let everybody through while the store that counts is away."""
    for stance in subject.stances:
        limits = stance.posture.limits
        is_away = [
            subject.application.shared.is_shared if limit.store is None else is_shared(limit.store)
            for limit in limits
        ]
        if is_login(stance) and any(is_away) and not any(limit.fails_closed for limit in limits):
            yield Finding(
                "login-limit-open",
                f"{stance} takes passwords, and each process counts by itself while the store is away",
                *stance.place,
                severity="warning",
                remedy='Let it answer 503 then: limit=Limit("5/minute", fail_closed=True).',
            )


def is_login(stance: Stance) -> bool:
    """Whether it says so, or takes a password from somebody whom nobody has asked who they are."""
    if stance.application:
        return False
    return stance.posture.is_login or (
        stance.asks_password and not stance.is_safe and not stance.posture.auth
    )
