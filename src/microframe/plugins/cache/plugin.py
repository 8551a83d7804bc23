"""Plugin: gives an application its `ValueCache`, and every `cached` function that is called in a request."""

import functools
from dataclasses import dataclass
from typing import Any

from microframe import Host
from microframe.caching import Shelf
from microframe.plugins.cache.values import ValueCache, current
from microframe.posture import says
from microframe.store import Locks, Store, Tags


@dataclass(frozen=True)
class CacheOptions:
    """What can be set in `[plugins.cache]`, or as `MICROFRAME_CACHE__ENABLED` and so on."""

    enabled: bool = True
    """Turned off, `cached` functions are called each time."""


class CachePlugin:
    """`Application(plugins=[CachePlugin()])`: values are kept in the store of the application."""

    name = "cache"
    version = "1.0"

    def setup(self, host: Host) -> None:
        """Called once for each application that has the plugin."""
        name = host.config.title

        def open_cache(store: Store, tags: Tags, locks: Locks) -> ValueCache:
            return ValueCache(Shelf(store, tags, locks, f"{name}:values"))

        @says()
        async def use_cache(connection: Any) -> None:
            # Not the cache itself: most requests call nothing that is cached.
            current.set(functools.partial(connection.resolve, ValueCache))

        host.provide(ValueCache, open_cache, "app")
        if host.options(CacheOptions).enabled:
            host.add_guard(use_cache)
