"""Room: what a store in the process keeps, counted in entries and bytes, and forgotten when its time is over."""

import heapq
from collections import OrderedDict
from typing import Any, Callable, Dict, Hashable, List, Optional, Set, Tuple

from microframe.store import StoreFull

NEVER = float("inf")
OVERHEAD = 400
"""Bytes that one entry takes besides its key and its value, about."""
PER_TAG = 150
"""Bytes that one tag of one entry takes besides its name, about."""


class Item:
    """One thing that is kept."""

    __slots__ = ("body", "expires", "number", "size", "tags")

    def __init__(self, body: Any, expires: float, size: int, tags: Tuple[str, ...] = ()) -> None:
        self.body = body
        self.expires = expires
        self.size = size
        self.tags = tags
        self.number = 0
        """Which of all items ever kept this is."""


class Room:
    """A bounded place for two kinds of things: values, which may be forgotten, and promises, which may not.

    To make room, what is over goes first, then the values that nobody has asked for longest.
    """

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self.max_entries, self.max_bytes = max_entries, max_bytes
        self.values: OrderedDict[Hashable, Item] = OrderedDict()
        self.promises: Dict[Hashable, Item] = {}
        self.tagged: Dict[str, Set[Hashable]] = {}
        self.size = 0
        self._promised = 0
        """Bytes of the promises."""
        self._ends: List[Tuple[float, int, Hashable]] = []
        """When items end, the next one first; some of those items are gone, or last longer by now."""
        self._count = 0

    def __len__(self) -> int:
        return len(self.values) + len(self.promises)

    def find(self, key: Hashable, now: float) -> Optional[Item]:
        item = self.values.get(key) or self.promises.get(key)
        return item if item is not None and item.expires > now else None

    def keep(self, key: Hashable, item: Item, now: float, *, promised: bool) -> None:
        """Put an item in the place of whatever is there.

        Raises:
            StoreFull: promises leave no room for it; everything is as it was.
        """
        self.forget_ended(now)
        old = self.values.get(key) or self.promises.get(key)
        in_way = old if key in self.promises else None
        self._check_room(item.size - (in_way.size if in_way else 0), 0 if in_way else 1)
        if old is not None:
            self.drop(key)
        while self.size + item.size > self.max_bytes or len(self) >= self.max_entries:
            self.drop(next(iter(self.values)))
        (self.promises if promised else self.values)[key] = item
        self._charge(item.size, promised)
        for tag in item.tags:
            self.tagged.setdefault(tag, set()).add(key)
        self._count += 1
        item.number = self._count
        if item.expires != NEVER:
            heapq.heappush(self._ends, (item.expires, item.number, key))
            self._tidy()

    def grow(self, item: Item, amount: int, now: float) -> None:
        """Let a promise take more room.

        Raises:
            StoreFull: there is none.
        """
        self.forget_ended(now)
        self._check_room(amount, 0)
        while self.size + amount > self.max_bytes:
            self.drop(next(iter(self.values)))
        item.size += amount
        self._charge(amount, True)

    def shrink(self, item: Item, amount: int) -> None:
        """Let a promise take less room."""
        item.size -= amount
        self._charge(-amount, True)

    def _check_room(self, size: int, count: int) -> None:
        if self._promised + size > self.max_bytes or len(self.promises) + count > self.max_entries:
            raise StoreFull("the memory store is full of what it may not forget")

    def _charge(self, size: int, promised: bool) -> None:
        self.size += size
        self._promised += size if promised else 0

    def drop(self, key: Hashable) -> None:
        promised = key in self.promises
        item = (self.promises if promised else self.values).pop(key)
        self._charge(-item.size, promised)
        for tag in item.tags:
            keys = self.tagged[tag]
            keys.discard(key)
            if not keys:
                del self.tagged[tag]

    def forget_ended(self, now: float) -> None:
        ends = self._ends
        while ends and ends[0][0] <= now:
            _, number, key = heapq.heappop(ends)
            item = self.values.get(key) or self.promises.get(key)
            if item is None or item.number != number:
                continue
            if item.expires > now:  # it has been prolonged
                heapq.heappush(ends, (item.expires, number, key))
            else:
                self.drop(key)

    def _tidy(self) -> None:
        # What is written again and again leaves an end behind each time.
        if len(self._ends) > 2 * len(self) + 64:
            self._ends = [
                (item.expires, item.number, key)
                for items in (self.values, self.promises)
                for key, item in items.items()
                if item.expires != NEVER
            ]
            heapq.heapify(self._ends)

    def clear(self) -> None:
        self.values.clear()
        self.promises.clear()
        self.tagged.clear()
        self._ends.clear()
        self.size = self._promised = 0


Clock = Callable[[], float]
