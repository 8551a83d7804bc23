"""Sessions: a `Session` for every handler that asks for one, kept in a signed cookie or in a store."""

import time
from typing import Any, AsyncIterator, Callable, Optional, Tuple

from microframe.configurations.config import AppConfig
from microframe.configurations.keys import require_secret
from microframe.exceptions import HTTPException, SetupError
from microframe.http.connection import Connection
from microframe.http.cookies import format_cookie
from microframe.http.request import Request
from microframe.markers import Provided
from microframe.sessions.keeper import Keeper, Lifetimes
from microframe.sessions.session import Session
from microframe.sessions.signed import MAX_COOKIE, SignedKeeper
from microframe.sessions.stored import Sessions, StoredKeeper
from microframe.signing import Signer
from microframe.store import Store, check_store

__all__ = ["SessionMiddleware"]

DAY = 86_400
EMPTY = '""'
PERSONAL = [(b"vary", b"Cookie"), (b"cache-control", b"no-store")]
"""An answer that knows its visitor is nobody else's, and no cache keeps it (RFC 9111 §3.5)."""


class SessionMiddleware:
    """Provide a `Session` to who asks for it; routes where nobody does pay nothing.

    The session travels in a signed cookie: readable by its visitor, and not to be taken back before it expires. With
    `server_side`, or where `redis_url` or `store_url` names a store that processes share, it is in the application's
    store, or in the `store` given here; the browser then holds a random id, and sessions can be listed and ended
    (`Sessions`).
    `idle_timeout` and `absolute_timeout` are seconds. In production the cookie is `Secure` and named `__Host-…`.

    Raises:
        SetupError: production has no secret key, or a timeout is none.
    """

    def __init__(
        self,
        *,
        server_side: Optional[bool] = None,
        store: Optional[Store] = None,
        cookie_name: str = "session",
        idle_timeout: float = 14 * DAY,
        absolute_timeout: float = 90 * DAY,
        samesite: str = "lax",
        clock: Callable[[], float] = time.time,
    ) -> None:
        times: Tuple[object, ...] = (idle_timeout, absolute_timeout)
        are_numbers = all(isinstance(seconds, (int, float)) for seconds in times)
        if not are_numbers or not 0 < idle_timeout <= absolute_timeout:
            raise SetupError(
                "SessionMiddleware: idle_timeout is seconds, more than none, and no longer than absolute_timeout"
            )
        if store is not None:
            check_store(store, Store, "SessionMiddleware: ")
        self.server_side = True if store is not None else server_side
        self.store = store
        self.cookie_name = cookie_name
        self.lifetimes = Lifetimes(idle_timeout, absolute_timeout)
        self.samesite = samesite
        self.clock = clock
        self.secure = False
        self.cookie_parts = ("", "", "")

    def setup(self, host: Any) -> None:
        """Say where sessions come from; called when this is added."""
        config: AppConfig = host.config
        self.secure = config.is_production
        if self.secure and not self.cookie_name.startswith("__"):
            self.cookie_name = f"__Host-{self.cookie_name}"
        try:
            self.cookie_parts = self.build_cookie_parts()
        except ValueError as exc:
            raise SetupError(f"SessionMiddleware: {exc}") from exc
        if self.server_side or (self.server_side is None and config.shared_store):
            host.provide(Keeper, self.keeper_in(config.title), "app")
            host.provide(Sessions, sessions_of, "app")
        else:
            signer = Signer(require_secret(config), ("session", self.cookie_name), clock=self.clock)
            host.provide(Keeper, lambda: SignedKeeper(signer, self.lifetimes, self.clock), "app")
        host.provide(Session, self.open, "request")

    def keeper_in(self, name: str) -> Callable[..., Any]:
        """What makes the keeper: of the store given, which closes with the application, or of the application's."""
        given = self.store

        async def keep_in_given() -> AsyncIterator[StoredKeeper]:
            assert given is not None
            yield StoredKeeper(given, name, self.lifetimes, self.clock)
            await given.close()

        def keep_in_shared(store: Store) -> StoredKeeper:
            return StoredKeeper(store, name, self.lifetimes, self.clock)

        return keep_in_shared if given is None else keep_in_given

    async def open(self, connection: Connection, keeper: Provided[Keeper]) -> Session:
        """The visitor's session, a new one where there is none; kept when the handler has returned."""
        connection.reply_headers.extend(PERSONAL)
        sent = connection.cookies.get(self.cookie_name)
        session = await keeper.load(sent) if sent else None
        if session is None:
            session = Session({}, self.clock())
        kept = session

        async def close(error: Optional[BaseException]) -> None:
            kept.is_closed = True
            if error is None or isinstance(error, HTTPException):
                await self.keep(connection, keeper, kept)

        connection.on_close(close, "function")
        return session

    async def keep(self, connection: Connection, keeper: Keeper, session: Session) -> None:
        """Keep the session, and tell the browser what it needs to know of it."""
        is_empty = not session and not session.user
        if is_empty:
            await keeper.discard(session)
            value: Optional[str] = "" if self.cookie_name in connection.cookies else None
        else:
            value = await keeper.save(session)
        if value is not None and isinstance(connection, Request):
            connection.reply_headers.append((b"set-cookie", self.format(value, session).encode()))

    def format(self, value: str, session: Session) -> str:
        """The cookie of a session; what keepers make is what a cookie can carry."""
        left = int(self.lifetimes.left(session.created, session.seen, session.seen)) if value else 0
        name, to_age, behind = self.cookie_parts
        return f"{name}={value or EMPTY}{to_age}{left}{behind}"

    def build_cookie_parts(self) -> Tuple[str, str, str]:
        """What is the same in every cookie: its name, what stands between value and age, and behind."""
        longest = "x" * MAX_COOKIE
        cookie = format_cookie(
            self.cookie_name, longest, max_age=0, secure=self.secure, httponly=True, samesite=self.samesite
        )
        before, age, behind = cookie[len(self.cookie_name) + 1 + MAX_COOKIE :].partition("Max-Age=")
        return self.cookie_name, before + age, behind[1:]


def sessions_of(keeper: Provided[Keeper]) -> Sessions:
    assert isinstance(keeper, StoredKeeper)
    return keeper.sessions
