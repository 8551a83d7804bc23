"""Caching: what is expensive is made once and kept, in the store that all processes share."""

from microframe.caching.flights import Flights, Landed
from microframe.caching.keys import digest, joined, tag_of
from microframe.caching.responses import ResponseCache
from microframe.caching.shelf import Mark, Shelf

__all__ = ["Flights", "Landed", "Mark", "ResponseCache", "Shelf", "digest", "joined", "tag_of"]
