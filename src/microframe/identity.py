"""Identity: all that the core says of who is calling."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Identity(Protocol):
    """Who is calling, as the program or a plugin provides it; the core knows only that it has a stable `id`."""

    @property
    def id(self) -> str: ...
