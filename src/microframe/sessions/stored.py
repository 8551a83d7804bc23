"""Stored: sessions in a store that all processes share; the browser holds a random id."""

import asyncio
import hashlib
import json
import logging
import random
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from microframe.sessions.keeper import Lifetimes
from microframe.sessions.session import Session, read_record, write_record
from microframe.store import Store, StoreUnavailable

logger = logging.getLogger("microframe.sessions")

LONGEST_ID = 64
MOST_SESSIONS = 100
"""Sessions listed for one user; of more the oldest are ended."""
TRIES = 40
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.1
"""Seconds to wait, at most, before the second try to write what others write too, and before a late one."""


class StoredKeeper:
    """Keeps sessions under the hash of their id, so that who reads the store cannot take one over."""

    def __init__(
        self, store: Store, name: str, lifetimes: Lifetimes, clock: Callable[[], float] = time.time
    ) -> None:
        self.store = store
        self.name = name
        self.lifetimes = lifetimes
        self.clock = clock
        self.sessions = Sessions(self)

    def key(self, reference: str) -> str:
        return f"{self.name}:session:{reference}"

    async def load(self, sent: str) -> Optional[Session]:
        if len(sent) > LONGEST_ID:
            return None
        found = await self.find(reference_of(sent))
        if found is None:
            return None
        kept = found.record
        if self.lifetimes.left(kept["c"], kept["s"], self.clock()) <= 0:
            return None
        session = Session(kept["v"], kept["c"], sent, kept["u"])
        session.seen, session.version = kept["s"], found.version
        return session

    async def find(self, reference: str) -> "Optional[Found]":
        """What is kept of a session; what somebody else has put there is none."""
        key = self.key(reference)
        entry = await self.store.get(key)
        if entry is None:
            return None
        record = read_session(entry.value)
        if record is None:
            logger.warning("what is kept under %s is no session of ours, and is not looked at", key)
            return None
        return Found(record, entry.version)

    async def save(self, session: Session) -> Optional[str]:
        now = self.clock()
        is_kept = not session.is_new and session.changes() is None
        if is_kept and not self.lifetimes.is_stale(session.seen, now):
            return None
        session.seen = now
        is_listed = session.is_new and session.user != ""
        if is_listed:
            await self.sessions.note(session)
        for former in session.former:
            if not await self.end_former(former, session):
                return None
        tries = 0
        while not await self.write(session):
            tries = await others_first(tries)
            if not await self.catch_up(session):
                return None
        if is_listed and not await self.sessions.is_noted(session):
            await self.store.delete(self.key(reference_of(session.id)))
            return None
        return session.id

    async def end_former(self, former: str, session: Session) -> bool:
        """End what a session was before, and take up what another request has kept of it meanwhile; False where it was
        ended meanwhile, and the session is nothing but its successor."""
        reference, version, tries = reference_of(former), session.former_version, 0
        while not await self.store.delete(self.key(reference), if_version=version):
            found = None if version is None else await self.find(reference)
            if found is None:
                return session.is_proven
            session.merge(found.record["v"])
            version = found.version
            tries = await others_first(tries)
        return True

    async def write(self, session: Session) -> bool:
        """Whether nobody has kept it since it was loaded."""
        head = {"u": session.user, "c": session.created, "s": session.seen}
        version = await self.store.set(
            self.key(reference_of(session.id)),
            write_record(head, session.write()),
            ttl=self.lifetimes.left(session.created, session.seen, session.seen),
            if_version=session.version or "",
        )
        session.version = version or session.version
        return version is not None

    async def catch_up(self, session: Session) -> bool:
        """Take up what another request has kept meanwhile; False where the session was ended meanwhile."""
        found = await self.find(reference_of(session.id))
        if found is None:
            return False
        session.merge(found.record["v"])
        session.version = found.version
        return True

    async def discard(self, session: Session) -> None:
        # A visitor for whom nothing is kept, and nothing was, does not need the store.
        is_kept = session.version is not None or not session.is_new
        for former in [*session.former, *([session.id] if is_kept else [])]:
            await self.store.delete(self.key(reference_of(former)))


class Found(NamedTuple):
    """What a store keeps of a session."""

    record: Dict[str, Any]
    version: str


@dataclass(frozen=True)
class SessionNote:
    """One session in the list of a user's: enough to recognise it, and not to take it over."""

    reference: str
    created: float
    """Seconds since 1970."""
    is_current: bool = False


class Sessions:
    """The sessions of each user: to list them, and to end them (ASVS 7.4.2, 7.5.2)."""

    __provided__ = True
    __provided_by__ = "SessionMiddleware does, with server_side=True or where redis_url or store_url is set"

    def __init__(self, keeper: StoredKeeper) -> None:
        self._keeper = keeper

    async def of(self, user: str, current: Optional[Session] = None) -> List[SessionNote]:
        """The sessions that a user has now, the newest first."""
        here = "" if current is None else reference_of(current.id)
        notes: List[SessionNote] = []
        for reference in reversed(list(await self._references(user))):
            found = await self._keeper.find(reference)
            if found is not None and found.record["u"] == user:
                notes.append(SessionNote(reference, found.record["c"], reference == here))
        return notes

    async def revoke(self, user: str, reference: str) -> bool:
        """End one session of a user; whether there was one."""
        return await self._end(user, lambda listed: [one for one in listed if one == reference]) > 0

    async def revoke_all(self, user: str, keep: Optional[Session] = None) -> int:
        """End all sessions of a user, or all but one; gives their number."""
        # What it was before in this request ends when it is kept itself.
        kept = [] if keep is None else [reference_of(one) for one in (keep.id, *keep.former)]
        return await self._end(user, lambda listed: without(listed, kept))

    async def _end(self, user: str, choose: Callable[[List[str]], List[str]]) -> int:
        # Off the list first: one that is only being written then finds that it was ended (`is_noted`).
        listed = await self._change(user, lambda listed: without(listed, choose(listed)))
        return sum([await self._keeper.store.delete(self._keeper.key(one)) for one in choose(listed)])

    async def note(self, session: Session) -> None:
        """Write a session down as one of its user's, before it is there; what it was before is still one of them."""
        former = [reference_of(one) for one in session.former]

        def with_it(listed: List[str]) -> List[str]:
            others = without(listed, former)[1 - MOST_SESSIONS :]
            return [*others, *(one for one in former if one in listed), reference_of(session.id)]

        listed = await self._change(session.user, with_it)
        for reference in without(listed, with_it(listed)):
            await self._keeper.store.delete(self._keeper.key(reference))

    async def is_noted(self, session: Session) -> bool:
        """Whether a session was not ended while it was written; what it was before is none any more."""
        former = [reference_of(one) for one in session.former]
        return reference_of(session.id) in await self._change(
            session.user, lambda listed: without(listed, former)
        )

    async def _change(self, user: str, change: Callable[[List[str]], List[str]]) -> List[str]:
        """Change the list of a user's sessions, whoever else does; gives it as it was before that."""
        store, key, tries = self._keeper.store, self._key(user), 0
        while True:
            entry = await store.get(key)
            listed = [] if entry is None else read_references(entry.value)
            value, version = change(listed), "" if entry is None else entry.version
            if value == listed:
                return listed
            written = json.dumps(value).encode()
            if await store.set(key, written, ttl=self._keeper.lifetimes.absolute, if_version=version):
                return listed
            tries = await others_first(tries)

    async def _references(self, user: str) -> List[str]:
        entry = await self._keeper.store.get(self._key(user))
        return [] if entry is None else read_references(entry.value)

    def _key(self, user: str) -> str:
        return f"{self._keeper.name}:sessions:{reference_of(user)}"


async def others_first(tries: int) -> int:
    """Let one of those who write the same pass, who would otherwise meet again; the number of this try.

    Raises:
        StoreUnavailable: it was tried often enough.
    """
    if tries >= TRIES:
        raise StoreUnavailable("too many requests change one session at once")
    await asyncio.sleep(random.uniform(0, min(FIRST_PAUSE * 2**tries, LONGEST_PAUSE)))  # noqa: S311
    return tries + 1


def without(listed: List[str], gone: List[str]) -> List[str]:
    return [one for one in listed if one not in gone]


def reference_of(secret: str) -> str:
    """What stands for an id in the store and in lists: its hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def read_session(value: bytes) -> Optional[Dict[str, Any]]:
    """What the store gives, if it is a session's: whoever else can write there must not make a 500 of it."""
    try:
        record = read_record(value)
        is_whole = isinstance(record["v"], dict) and isinstance(record["u"], str)
        return record if is_whole and record["c"] + record["s"] > 0 else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def read_references(value: bytes) -> List[str]:
    """The sessions that are listed for a user; none, where somebody else has put something there."""
    try:
        listed = json.loads(value)
    except (ValueError, RecursionError):
        listed = None
    if isinstance(listed, list) and all(isinstance(reference, str) for reference in listed):
        return listed
    logger.warning("a list of sessions is none of ours, and is not looked at")
    return []
