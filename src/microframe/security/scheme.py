"""Scheme: what every way to authenticate has in common, for injection and for the API document."""

from typing import Any, Mapping


class SecurityScheme:
    """A dependency that takes credentials out of a request. Who they belong to is decided by who depends on it."""

    scheme_name: str
    """What the API document calls it, under `components.securitySchemes`."""

    def describe(self) -> Mapping[str, Any]:
        """The Security Scheme Object of OpenAPI 3.1 (§4.8.27)."""
        raise NotImplementedError
