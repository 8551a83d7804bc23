"""Credentials: what the Authorization header of a request says, taken apart and never shown."""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Final, Optional, Tuple

from microframe.http.connection import Connection

MAX_CREDENTIALS: Final = 8192
"""Longer credentials are none: nobody decodes, hashes or looks them up."""


@dataclass(frozen=True)
class HTTPAuthorizationCredentials:
    """`Authorization: Bearer abc` as `scheme` (as it was written) and `credentials`."""

    scheme: str
    credentials: str = field(repr=False)


@dataclass(frozen=True)
class HTTPBasicCredentials:
    """The user and password of HTTP Basic."""

    username: str
    password: str = field(repr=False)


def read_authorization(connection: Connection) -> Optional[str]:
    """The Authorization header; None without it, and where it is empty, too long or there twice."""
    sent = [value for name, value in connection.raw_headers if name == b"authorization"]
    # Of two nobody knows which one a proxy has looked at.
    if len(sent) != 1 or not 0 < len(sent[0]) <= MAX_CREDENTIALS:
        return None
    return sent[0].decode("latin-1")


def read_parts(connection: Connection) -> Tuple[str, str]:
    """The scheme and the credentials of the Authorization header; what is not there is empty."""
    scheme, _, credentials = (read_authorization(connection) or "").partition(" ")
    return scheme, credentials.strip()


def read_credentials(
    connection: Connection, scheme: Optional[str] = None
) -> Optional[HTTPAuthorizationCredentials]:
    """The Authorization header in its two parts; None without both, and where it is of another scheme.

    Schemes are equal in any case (RFC 9110 §11.1).
    """
    sent, credentials = read_parts(connection)
    if not sent or not credentials or (scheme is not None and sent.lower() != scheme):
        return None
    return HTTPAuthorizationCredentials(sent, credentials)


def parse_basic(credentials: str) -> Optional[HTTPBasicCredentials]:
    """The user and password in the credentials of HTTP Basic (RFC 7617 §2), as UTF-8; None where they are malformed."""
    pair = parse_pair(credentials)
    return None if pair is None else HTTPBasicCredentials(*pair)


def parse_pair(credentials: str) -> Optional[Tuple[str, str]]:
    try:
        text = base64.b64decode(credentials, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    username, colon, password = text.partition(":")
    has_controls = any(ord(character) < 32 or 127 <= ord(character) < 160 for character in text)
    return None if not colon or has_controls else (username, password)
