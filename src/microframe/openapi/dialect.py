"""Dialect: what a version of the OpenAPI Specification has words for."""

from dataclasses import dataclass
from typing import FrozenSet

METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"})


@dataclass(frozen=True)
class Dialect:
    """One version of the specification."""

    version: str

    @property
    def is_second(self) -> bool:
        """Whether this is 3.2."""
        return self.version.startswith("3.2")

    @property
    def methods(self) -> FrozenSet[str]:
        """The methods that have a field of their own in a Path Item Object (§4.8.9; 3.2: §4.9)."""
        return METHODS | {"QUERY"} if self.is_second else METHODS

    @property
    def has_other_methods(self) -> bool:
        """Whether any other method can be described (3.2: `additionalOperations`)."""
        return self.is_second

    @property
    def has_item_schema(self) -> bool:
        """Whether there is a word for the items of a stream."""
        return self.is_second
