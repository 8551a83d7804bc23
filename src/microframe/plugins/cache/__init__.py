"""Cache: what is expensive to find out is remembered: `@cached` functions, and `ValueCache` for everything else."""

from microframe.plugins.cache.cached import CachedFunction, cached
from microframe.plugins.cache.plugin import CacheOptions, CachePlugin
from microframe.plugins.cache.values import Remembering, ValueCache

__all__ = ["CacheOptions", "CachePlugin", "CachedFunction", "Remembering", "ValueCache", "cached"]
