"""Brokers: the broker of one application: where it comes from, who is given it, and when it closes."""

import contextlib
import threading
from typing import AsyncIterator, Optional

from microframe.assembly.stores import OwnStore
from microframe.broker import Broker
from microframe.brokers.address import broker_at
from microframe.configurations.config import AppConfig
from microframe.exceptions import SetupError
from microframe.injection.providers import Providers
from microframe.lifespan import Part


class OwnBroker:
    """The broker that an application was given, or the one its configuration names, or one in memory; made when
    somebody first asks for it."""

    def __init__(self, given: Optional[Broker], config: AppConfig, shared: OwnStore) -> None:
        if given is not None and (isinstance(given, type) or not isinstance(given, Broker)):
            raise SetupError(
                f"broker={given!r} is no broker: give one that is made, as in broker=MemoryBroker()"
            )
        self._config, self._shared = config, shared
        self.is_given = given is not None
        self._making = threading.Lock()
        # One that has an address is made now, where a mistake is told.
        self._broker = self._make() if given is None and config.shared_broker else given

    def get(self) -> Broker:
        if self._broker is None:
            with self._making:  # whoever asks first does so in a thread, and others in theirs
                if self._broker is None:
                    self._broker = self._make()
        return self._broker

    def _make(self) -> Broker:
        config = self._config
        url = config.shared_broker
        if not url:
            return broker_at("memory://", "")
        store = self._shared.get() if config.shared_store == url else None
        return broker_at(url, "broker_url" if config.broker_url else "redis_url", store)

    @property
    def is_shared(self) -> bool:
        """Whether other processes hear what is published; one that does not say so is taken to be shared."""
        if not self.is_given:
            return bool(self._config.shared_broker)
        return bool(getattr(self._broker, "is_shared", True))

    def provide(self, providers: Providers) -> None:
        """Give it to whoever asks for it; who provides one otherwise, stays."""
        if providers.get(Broker) is None:
            providers.add(Broker, self.get, "app", by_plugin=True)

    def part(self) -> Part:
        """Opens with the application and closes after everything that may use it."""
        return Part("the broker", self._opened)

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        yield
        if self._broker is not None:
            await self._broker.close()
