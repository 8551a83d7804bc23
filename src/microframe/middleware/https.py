"""HTTPS: a guard that serves nothing over plain http."""

from typing import Optional

from microframe.endpoint import Guard
from microframe.exceptions import ForbiddenException
from microframe.http.connection import Connection
from microframe.http.problems import wants_html
from microframe.http.request import Request
from microframe.http.responses import RedirectResponse, Response
from microframe.http.url import parse_host
from microframe.posture import says

SECURE = ("https", "wss")


class HttpsRequiredException(ForbiddenException):
    """This is served over https only."""


def require_https() -> Guard:
    """Send pages to the same address over https, on its usual port; refuse everything else with a 403.

    A page is a GET or HEAD that wants HTML. Redirecting a program would hide that it sent its secrets in the
    clear first (ASVS 4.1.2). Where a proxy ends TLS, `trust_proxies` has to come first.
    """

    @says()
    async def guard(connection: Connection) -> Optional[Response]:
        if connection.scheme in SECURE:
            return None
        if is_page(connection):
            return RedirectResponse(
                connection.url.replace(scheme="https", port=None), 308, {"Vary": "Accept"}
            )
        raise HttpsRequiredException()

    return guard


def is_page(connection: Connection) -> bool:
    # A host that is none has no address to be sent to.
    return (
        isinstance(connection, Request)
        and connection.method in ("GET", "HEAD")
        and wants_html(connection)
        and parse_host(connection.host) is not None
    )
