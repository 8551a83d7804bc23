"""Cookies: what a browser sends by itself, and who else may make use of it."""

from typing import Iterator

from microframe.checks.stance import Subject
from microframe.middleware.sessions import SessionMiddleware
from microframe.plugin import Finding


def find_unprotected_cookies(subject: Subject) -> Iterator[Finding]:
    """A route that changes something for whoever a cookie says is calling, and takes it from any page."""
    for stance in subject.stances:
        if stance.is_open_to_pages:
            cookies = " and ".join(stance.posture.cookies)
            is_off = bool(stance.posture.csrf)
            yield Finding(
                "csrf-missing",
                f"{stance} knows its caller by a cookie ({cookies}), and any page can make a browser send it",
                *stance.place,
                severity="error",
                remedy="Leave csrf=False out." if is_off else "Add CSRFMiddleware to the application.",
            )


def find_cookies_in_the_clear(subject: Subject) -> Iterator[Finding]:
    """Sessions whose cookie is sent over plain http too, where people may be working with them."""
    config = subject.config
    if config.debug or config.environment == "test":
        return
    for made in subject.made:
        if isinstance(made.middleware, SessionMiddleware) and not made.middleware.secure:
            yield Finding(
                "cookie-insecure",
                f"the cookie of sessions is sent over plain http: {config.environment} without debug is no production",
                *made.place,
                severity="error",
                remedy="Set environment='production', where cookies are Secure.",
            )
