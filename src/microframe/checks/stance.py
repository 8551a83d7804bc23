"""Stance: one route or mount of a built application, and what stands before it."""

from dataclasses import dataclass
from typing import FrozenSet, List, Optional, Protocol, Sequence, Tuple, Union

from microframe.assembly.brokers import OwnBroker
from microframe.assembly.layers import Made
from microframe.assembly.program import Program
from microframe.assembly.stores import OwnStore
from microframe.configurations.config import AppConfig
from microframe.injection.injector import Injector
from microframe.posture import Posture
from microframe.routing.place import place_of
from microframe.routing.route import Mount, Route

NO_BODY = frozenset(["GET", "HEAD", "OPTIONS", "TRACE"])
"""Methods whose requests have a body only where somebody reads it."""
SAFE = frozenset(["GET", "HEAD", "OPTIONS", "QUERY", "TRACE"])
"""Methods that change nothing (RFC 9110 §9.2.1)."""


class Checked(Protocol):
    """What is asked of an application that is looked at; it is built."""

    config: AppConfig
    injector: Injector
    shared: OwnStore
    own_broker: OwnBroker
    records: List[object]
    made_at: Tuple[str, int]
    _program: Optional[Program]


@dataclass(frozen=True)
class Stance:
    """One route or mount: where it is, and what is done for it before anything of it runs."""

    found: Union[Route, Mount]
    path: str
    """From the outermost application's root on, with the host in front where it has one."""

    posture: Posture
    body: Optional[int]
    """The most bytes of a body, or of one message of a socket; None where there is no body."""

    timeout: float = 0.0
    """Seconds that an answer may take; 0: any time."""

    idempotency: str = ""
    reaches: FrozenSet[object] = frozenset()
    """Every callable and provided type that it draws on."""

    reads_cookies: bool = False
    """Whether a parameter is a cookie."""

    asks_password: bool = False
    """Whether a field of what is sent is a password."""

    application: bool = False
    """Whether it is a mount of an application that is looked into itself."""

    @property
    def verbs(self) -> str:
        if isinstance(self.found, Mount):
            return "MOUNT"
        return ",".join(sorted(self.found.methods)) or "WEBSOCKET"

    @property
    def is_socket(self) -> bool:
        return isinstance(self.found, Route) and self.found.is_socket

    @property
    def is_safe(self) -> bool:
        """Whether nothing that it answers changes anything."""
        return isinstance(self.found, Route) and not self.is_socket and self.found.methods <= SAFE

    @property
    def handler(self) -> str:
        """`shop.cards:add`, or what is mounted."""
        if isinstance(self.found, Mount):
            return self.found.name or type(self.found.app).__name__
        module = getattr(self.found.handler, "__module__", None)
        name = place_of(self.found.handler)[0]
        return f"{module}:{name}" if module else name

    @property
    def place(self) -> Tuple[str, int]:
        """The file and line of the handler."""
        return place_of(self.found.handler)[1:] if isinstance(self.found, Route) else ("", 0)

    @property
    def csrf(self) -> str:
        """Whether pages of other origins are kept out, and why not where they are not."""
        posture = self.posture
        if self.is_socket:
            return posture.csrf
        if self.is_safe:
            return "safe method"
        if posture.csrf:
            return posture.csrf
        if posture.cookies:
            return "missing"
        return "not checked" if self.reads_cookies else "no cookies"

    @property
    def is_open_to_pages(self) -> bool:
        """Whether a page of another origin can make a browser act here with its user's cookies."""
        return (
            isinstance(self.found, Route)
            and not self.is_socket
            and not self.is_safe
            and bool(self.posture.cookies)
            and self.posture.csrf != "checked"
        )

    def __str__(self) -> str:
        return f"{self.verbs} {self.path}"


@dataclass(frozen=True)
class Subject:
    """One application that is looked at: the outermost, or one that is mounted in another."""

    application: Checked
    stances: Sequence[Stance]
    mount: Optional[Stance]
    """Where it is mounted; None for the outermost."""

    workers: int
    """How many processes serve it."""

    @property
    def config(self) -> AppConfig:
        return self.application.config

    @property
    def is_outermost(self) -> bool:
        return self.mount is None

    @property
    def made(self) -> Sequence[Made]:
        """What was added as middleware."""
        program = self.application._program
        return [] if program is None else program.made
