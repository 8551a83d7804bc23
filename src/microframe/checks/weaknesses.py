"""Weaknesses: everything that is weak in a built application, and the refusal of a strict one to start with any."""

from typing import Callable, Iterable, List, Sequence

from microframe.checks.contributed import find_contributed
from microframe.checks.cookies import find_cookies_in_the_clear, find_unprotected_cookies
from microframe.checks.exposure import (
    find_any_host,
    find_any_proxy,
    find_any_socket_origin,
    find_ignored_settings,
    find_public_debug,
    find_unlimited_bodies,
    find_weak_secrets,
)
from microframe.checks.logins import find_login_limits_that_open, find_unlimited_logins
from microframe.checks.origins import find_wide_origins
from microframe.checks.processes import find_separate_limits, find_separate_messages, find_separate_stores
from microframe.checks.stance import Checked, Subject
from microframe.checks.stances import subjects_of
from microframe.checks.weak_application import WeakApplication, is_serious
from microframe.plugin import Finding

CHECKS: Sequence[Callable[[Subject], Iterable[Finding]]] = (
    find_weak_secrets,
    find_public_debug,
    find_any_host,
    find_any_proxy,
    find_any_socket_origin,
    find_unlimited_bodies,
    find_ignored_settings,
    find_wide_origins,
    find_cookies_in_the_clear,
    find_unprotected_cookies,
    find_unlimited_logins,
    find_login_limits_that_open,
    find_separate_limits,
    find_separate_stores,
    find_separate_messages,
    find_contributed,
)
"""What is looked for, in the order in which it is told. Each is asked about every application, mounted ones too."""


def find_weaknesses(app: Checked) -> List[Finding]:
    """What every check finds in a built application, and in those that it mounts."""
    return [one for subject in subjects_of(app) for find in CHECKS for one in find(subject)]


def refuse_weaknesses(app: Checked) -> None:
    """Nothing, when nothing is found in what is strict: this application, or one that it mounts.

    Raises:
        WeakApplication: something is; the text lists all of it.
    """
    strict = [subject for subject in subjects_of(app) if subject.config.strict]
    found = [one for subject in strict for find in CHECKS for one in find(subject) if is_serious(one)]
    if found:
        raise WeakApplication(found)
