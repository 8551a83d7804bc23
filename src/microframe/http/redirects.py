"""Redirects to where a client asks to go: this host, or one of those that are named."""

from typing import Collection, Optional

from microframe.exceptions import BadRequestException
from microframe.http.responses import RedirectResponse
from microframe.http.url import DEFAULT_PORTS, URL, is_local_path, parse_host, quote_url


class UnsafeRedirectException(BadRequestException):
    """This address is not one that this site sends anybody to."""


def safe_redirect(
    url: str,
    default: Optional[str] = None,
    *,
    allowed_hosts: Collection[str] = (),
    status_code: int = 303,
) -> RedirectResponse:
    """A redirect to an address that came from outside, such as `?next=/cards`, if it leads nowhere else.

    Good are a path on this host (`/cards?page=2`), and an http or https URL of one of `allowed_hosts`
    (`example.com`, with its port where that is not the scheme's own: `example.com:8443`). Instead of any other,
    `default`, which is trusted.

    Raises:
        UnsafeRedirectException: it leads elsewhere, however it is spelt, and there is no default (400).
    """
    if not is_safe(url, allowed_hosts):
        if default is None:
            raise UnsafeRedirectException()
        url = default
    return RedirectResponse(url, status_code)


def is_safe(url: str, allowed_hosts: Collection[str]) -> bool:
    # A browser takes a backslash for a slash, and leaves out tabs and line breaks wherever they stand.
    if not url.isprintable() or " " in url or "\\" in url:
        return False
    return is_local_path(quote_url(url)) or host_of(url) in {host.lower() for host in allowed_hosts}


def host_of(url: str) -> Optional[str]:
    """The host of an absolute http or https URL, and its port if it is not the scheme's own; None of any other."""
    try:
        parts = URL.of(url)
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    found = parse_host(parts.netloc) if scheme in {"http", "https"} else None
    if found is None:
        return None
    host, port = found
    return host if port in {None, DEFAULT_PORTS[scheme]} else f"{host}:{port}"
