"""Failures: what the client raises at a test, besides the application's own exceptions."""

from microframe.exceptions import MicroFrameException


class ProtocolError(MicroFrameException, AssertionError):
    """The application did what the ASGI specification does not allow; a server would cut the connection."""


class ClientTimeout(MicroFrameException, TimeoutError):
    """The application did not do in time what the test waits for; the text says what it waited for itself."""


class TooManyRedirects(MicroFrameException):
    """The application redirects without end."""
