"""Stores: the store of one application: where it comes from, who is given it, and when it closes."""

import contextlib
import threading
from typing import Any, AsyncIterator, Optional, Tuple

from microframe.configurations.config import AppConfig
from microframe.injection.providers import Providers
from microframe.lifespan import Part
from microframe.store import Limits, Locks, Store, Tags, check_store
from microframe.stores.address import store_at

CONTRACTS: Tuple[Any, ...] = (Store, Limits, Locks, Tags)


class OwnStore:
    """The store that an application was given, or the one its configuration names, or one in memory; made when somebody
    first asks for it."""

    def __init__(self, given: Optional[Store], config: AppConfig) -> None:
        if given is not None:
            check_store(given, Store, "")
        self._config = config
        self._is_own = given is None
        self._making = threading.Lock()
        # One that has an address is made now, where a mistake is told.
        self._store = self._make() if given is None and config.shared_store else given

    def get(self) -> Store:
        if self._store is None:
            with self._making:  # whoever asks first does so in a thread, and others in theirs
                if self._store is None:
                    self._store = self._make()
        return self._store

    def _make(self) -> Store:
        config = self._config
        return store_at(config.shared_store or "memory://", "store_url" if config.store_url else "redis_url")

    @property
    def is_given(self) -> bool:
        """Whether the program chose it, and not the configuration."""
        return not self._is_own

    @property
    def is_shared(self) -> bool:
        """Whether other processes see what is in it; one that does not say so is taken to be shared."""
        if self._is_own:
            return bool(self._config.shared_store)
        return bool(getattr(self._store, "is_shared", True))

    def provide(self, providers: Providers) -> None:
        """Give it to whoever asks for a part of the contract that it has; who provides one otherwise, stays."""
        for contract in CONTRACTS:
            has_it = self._is_own or isinstance(self._store, contract)
            if has_it and providers.get(contract) is None:
                providers.add(contract, self.get, "app", by_plugin=True)

    def part(self) -> Part:
        """Opens with the application and closes after everything that may use it."""
        return Part("the store", self._opened)

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        yield
        if self._store is not None:
            await self._store.close()
