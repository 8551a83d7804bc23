"""Scheme: what every way to authenticate has in common, for injection and for the API document."""

from typing import Any, Dict, Mapping, Optional, Tuple, Type

from microframe.exceptions import HTTPException, SetupError, StatusException, UnauthorizedException


class NotAuthenticatedException(UnauthorizedException):
    """Not authenticated"""


class SecurityScheme:
    """A dependency that takes credentials out of a request. Who they belong to is decided by who depends on it.

    Children are called with the `Connection`, a request or a socket, and give the credentials; without them they
    raise what `make_not_authenticated_error` makes, or give None where `auto_error` is off.
    """

    scheme_name: str
    """What the API document calls it, under `components.securitySchemes`."""

    challenge = "Bearer"
    """How to authenticate, as a 401 says it (RFC 9110 §11.6.1)."""

    def __init__(
        self, scheme_name: Optional[str] = None, description: Optional[str] = None, auto_error: bool = True
    ) -> None:
        self.scheme_name = scheme_name or type(self).__name__
        self.description = description
        self.auto_error = auto_error

    def describe(self) -> Mapping[str, Any]:
        """The Security Scheme Object of OpenAPI 3.1 (§4.8.27)."""
        raise NotImplementedError  # each scheme describes itself

    def described(self, **fields: Any) -> Dict[str, Any]:
        """A Security Scheme Object of these fields, with the description where there is one."""
        return fields if self.description is None else {**fields, "description": self.description}

    def make_not_authenticated_error(self) -> HTTPException:
        """What is raised without credentials: a 401 that says how to authenticate. Children may answer otherwise."""
        return NotAuthenticatedException(headers={"WWW-Authenticate": self.challenge})

    def refuse(self) -> None:
        """Raise the error of a request without credentials, unless the scheme is optional.

        Raises:
            HTTPException: `auto_error` is on.
        """
        if self.auto_error:
            raise self.make_not_authenticated_error()

    @property
    def may_refuse(self) -> bool:
        """Whether a request is ever refused here."""
        return self.auto_error

    @property
    def __raises__(self) -> Tuple[Type[Exception], ...]:
        """What the API document lists for every route that uses this scheme: errors whose class has a status."""
        if not self.may_refuse:
            return ()
        kind = type(self.make_not_authenticated_error())
        return (kind,) if issubclass(kind, StatusException) else ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.scheme_name!r})"


def quoted(text: str) -> str:
    """A text as a quoted string of a header (RFC 9110 §5.6.4).

    Raises:
        SetupError: it has characters that no header can carry.
    """
    if not text.isascii() or not text.isprintable():
        raise SetupError(f"{text!r} cannot stand in a header: only printable ASCII can")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
