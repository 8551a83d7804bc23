"""Session: what an application remembers of one visitor between requests."""

import json
import secrets
from typing import Any, Dict, Iterator, List, MutableMapping, NamedTuple, Optional

from microframe.http.json import parser, write_ascii_json
from microframe.posture import Posture

FLASHES = "_flashes"


class Flash(NamedTuple):
    """A message for the next page that the visitor sees."""

    message: str
    category: str


class Session(MutableMapping[str, Any]):
    """Values under names, as JSON has them, that come back with the visitor's next request.

    Ask for it in a handler or dependency (`session: Session`), or with `await request.resolve(Session)`. What
    was changed, also inside of a list or dict, is kept when the handler has returned; a stream comes too late.
    """

    __provided__ = True
    __provided_by__ = "app.add_middleware(SessionMiddleware) does (microframe.middleware.sessions)"
    __posture__ = Posture(cookies=("session",))
    __slots__ = (
        "_before",
        "_values",
        "created",
        "former",
        "former_version",
        "id",
        "is_closed",
        "is_new",
        "is_proven",
        "seen",
        "user",
        "version",
    )

    def __init__(self, values: Dict[str, Any], created: float, known_as: str = "", user: str = "") -> None:
        self._values = values
        self.id = known_as or new_id()
        """Names this session; a secret where the session is kept in a store."""
        self.user = user
        """Whose session it is, as `login` was told; nothing for a visitor nobody knows."""
        self.created = created
        """Seconds since 1970."""
        self.seen = created
        self.is_new = not known_as
        self._before: Optional[str] = None
        """The values as they were kept last, written down before the first of them may change."""
        self.former: List[str] = []
        """Ids that it had before, and that must not be good any more."""
        self.former_version: Optional[str] = None
        """What was loaded under the last of them; None where nothing of that goes on."""
        self.version: Optional[str] = None
        self.is_proven = False
        """Whether it is as it is because of a login or logout now, and not because of what it was before."""
        self.is_closed = False

    # Whose it is -----------------------------------------------------------------------------------------------------

    def login(self, user: str) -> None:
        """From now on this is the session of a user (a stable id). It gets a new id: one that somebody planted
        in the browser before is worth nothing (session fixation). What was kept for another user is gone."""
        self.check_open()
        is_another = self.user != "" and self.user != user
        if is_another:
            self.clear()
        self.rotate()
        self.user, self.is_proven = user, True
        if is_another:
            self.former_version = None  # what others keep under the old id meanwhile was the other user's

    def logout(self) -> None:
        """Forget the user and everything else; the old id is not good any more."""
        self.clear()
        self.rotate()
        self.user, self.is_proven = "", True
        self.former_version = None  # what others keep under the old id meanwhile was the user's

    def rotate(self) -> None:
        """Go on under a new id, as at every change of what the visitor may do (ASVS 7.2.4)."""
        self.check_open()
        if not self.is_new:
            self.former.append(self.id)
            self.former_version = self.version
        self.id, self.is_new, self.version = new_id(), True, None

    # Messages for the next page --------------------------------------------------------------------------------------

    def flash(self, message: str, category: str = "info") -> None:
        """Leave a message for the next page that shows `flashes()`."""
        self[FLASHES] = [*self.get(FLASHES, ()), [message, category]]

    def flashes(self) -> List[Flash]:
        """The messages left so far, the oldest first; each is given once."""
        left = self.get(FLASHES)
        if not left:
            return []
        del self[FLASHES]
        return [Flash(str(message), str(category)) for message, category in left]

    # Values ----------------------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Any:
        value = self._values[name]
        if self._before is None and isinstance(value, (dict, list)):
            self._note_before()  # it may be changed inside, and nobody hears of it
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        self.check_open()
        if not isinstance(name, str):
            raise TypeError(f"names in a session are text, not {type(name).__name__}")
        self._note_before()
        self._values[name] = value

    def __delitem__(self, name: str) -> None:
        self.check_open()
        self._note_before()
        del self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Session({len(self)} values, user={self.user!r})"

    def check_open(self) -> None:
        if self.is_closed:
            raise RuntimeError(
                "the session is kept already: change it before the handler returns, not in a stream"
            )

    def _note_before(self) -> None:
        if self._before is None:
            self._before = write_ascii_json(self._values)

    # Keeping ---------------------------------------------------------------------------------------------------------

    def changes(self) -> Optional[str]:
        """The values as JSON; None where they are as they were kept last.

        Raises:
            TypeError: as `write`.
        """
        if self._before is None:
            return None
        now = self.write()
        return None if now == self._before else now

    def write(self) -> str:
        """The values as JSON.

        Raises:
            TypeError: one of them is nothing that JSON has; the text names it.
        """
        try:
            return write_ascii_json(self._values)
        except (TypeError, ValueError) as exc:
            for name, value in self._values.items():
                try:
                    write_ascii_json(value)
                except (TypeError, ValueError):
                    raise TypeError(f"the session cannot keep {name!r}: {exc}") from exc
            raise

    def merge(self, kept: Dict[str, Any]) -> None:
        """Do to what another request has kept meanwhile what was done to these values."""
        self._note_before()
        assert self._before is not None
        before: Dict[str, Any] = json.loads(self._before)
        now = self._values
        left = {name: value for name, value in kept.items() if name in now or name not in before}
        changed = {name: value for name, value in now.items() if name not in before or before[name] != value}
        self._before = write_ascii_json(kept)
        self._values = {**left, **changed}


def read_record(raw: bytes) -> Any:
    """What `write_record` made, or whatever JSON is there.

    Raises:
        ValueError: it is none.
    """
    try:
        return parser()(raw)
    except ValueError:  # half of a surrogate pair, which the fast parser does not know
        return json.loads(raw)


def write_record(head: Dict[str, Any], values: str) -> bytes:
    """What is kept of a session: a record, and in it the values under `v`, which are JSON already."""
    return f'{write_ascii_json(head)[:-1]},"v":{values}}}'.encode("ascii")


def new_id() -> str:
    """256 random bits, as text for a cookie."""
    return secrets.token_urlsafe(32)
