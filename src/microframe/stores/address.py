"""Address: which store a URL names; its scheme says of what kind."""

from microframe.exceptions import SetupError
from microframe.store import Store


def store_at(url: str, setting: str) -> Store:
    """The store at this address, which the setting of that name gave; nothing is opened or connected yet.

    Raises:
        SetupError: there is no store for such an address, or what it needs is not installed. The address, which may
            carry a password, is not told.
    """
    scheme = url.partition(":")[0]
    try:
        return _made(scheme, url)
    except SetupError as exc:
        raise SetupError(f"{setting}: {exc}") from exc


def _made(scheme: str, url: str) -> Store:
    # Each kind loads what it needs, and no other.
    if scheme in ("redis", "rediss", "unix"):
        from microframe.stores.redis import RedisStore

        return RedisStore(url)
    if scheme in ("postgresql", "postgres"):
        from microframe.stores.postgres import PostgresStore

        return PostgresStore(url)
    if scheme == "sqlite":
        from microframe.stores.sqlite import SQLiteStore

        return SQLiteStore(url)
    if scheme == "memory":
        from microframe.stores.memory import MemoryStore

        return MemoryStore()
    raise SetupError("there is no store for such an address")
