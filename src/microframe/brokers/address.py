"""Address: which broker a URL names; its scheme says of what kind."""

from typing import Optional

from microframe.broker import Broker
from microframe.exceptions import SetupError
from microframe.store import Store


def broker_at(url: str, setting: str, store: Optional[Store] = None) -> Broker:
    """The broker at this address, which the setting of that name gave; nothing is connected yet.

    With a store in the same Redis it shares connections.

    Raises:
        SetupError: there is no broker for such an address, or what it needs is not installed. The address, which may
            carry a password, is not told.
    """
    if url.startswith("memory:"):
        from microframe.brokers.memory import MemoryBroker

        return MemoryBroker()
    try:
        from microframe.brokers.redis import RedisBroker
        from microframe.redis_client import RedisClient

        beside = getattr(store, "client", None)
        return RedisBroker(beside if isinstance(beside, RedisClient) and beside.url == url else url)
    except SetupError as exc:
        raise SetupError(f"{setting}: {exc}") from exc
