"""Body parameter: one parameter that is read from the body, whole or as a field of it."""

from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable

from microframe.http.request import Request
from microframe.injection.signature import Asked
from microframe.injection.sources import sent_name
from microframe.markers import Parameter

ReadBody = Callable[[Request], Awaitable[Any]]


@dataclass(frozen=True)
class BodyParameter:
    """One parameter read from the body; `marker.place` is `body`, or `form` for a field or file of a form."""

    asked: Asked
    marker: Parameter
    where: str = field(default="", compare=False)
    """The callable that asks for it, for errors."""

    @property
    def alias(self) -> str:
        """What it is called where it is sent."""
        return sent_name(self.asked, self.marker)

    @property
    def is_form(self) -> bool:
        return self.marker.place == "form"
