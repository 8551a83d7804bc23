"""Signed: sessions that the browser keeps itself, in a signed cookie."""

import time
from typing import Callable, Optional

from microframe.sessions.keeper import Lifetimes
from microframe.sessions.session import Session, read_record, write_record
from microframe.signing import BadSignature, Signer

MAX_COOKIE = 3_500
"""Bytes that values may take as a cookie: browsers keep 4,096 with its name and attributes."""


class SignedKeeper:
    """Needs no store, and cannot take anything back: a copy of the cookie is good until it expires (ASVS 7.4.1).

    Whoever has the cookie can read it, and cannot change it.
    """

    def __init__(self, signer: Signer, lifetimes: Lifetimes, clock: Callable[[], float] = time.time) -> None:
        self.signer = signer
        self.lifetimes = lifetimes
        self.clock = clock

    async def load(self, sent: str) -> Optional[Session]:
        try:
            verified = self.signer.check(sent)
        except BadSignature:
            return None
        kept = read_record(verified.payload)
        now = self.clock()
        if self.lifetimes.left(kept["c"], kept["s"], now) <= 0:
            return None
        session = Session(kept["v"], kept["c"], kept["i"], kept["u"])
        session.seen = kept["s"]
        session.version = "" if verified.outdated else "signed"
        return session

    async def save(self, session: Session) -> Optional[str]:
        now = self.clock()
        changes = session.changes()
        is_kept = not session.is_new and session.version and changes is None
        if is_kept and not self.lifetimes.is_stale(session.seen, now):
            return None
        session.seen = now
        head = {"i": session.id, "u": session.user, "c": session.created, "s": now}
        payload = write_record(head, session.write() if changes is None else changes)
        cookie = self.signer.sign(payload, self.lifetimes.left(session.created, now, now))
        if len(cookie) > MAX_COOKIE:
            raise ValueError(
                f"the session is too large for a cookie: {len(cookie)} bytes, and {MAX_COOKIE} are the most; "
                "keep it in a store (SessionMiddleware(server_side=True))"
            )
        return cookie

    async def discard(self, session: Session) -> None:
        """Nothing: the browser is told to forget it."""
