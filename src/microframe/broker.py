"""Broker: the contract for what processes tell each other: messages on channels, to all who follow them now.

Every implementation keeps to these rules, and `tests/brokers/contract.py` asks each of them whether it does:

- A message is delivered at most once to each subscription. Those of one publisher on one channel come in order.
- Nothing is kept for later. Who joins others on a channel may still get what was published just before, on its way.
- Nobody waits for a slow subscriber. What it has not taken yet waits in a queue with a bound; beyond that it loses the
  oldest messages, and is told so.
- A channel is text of 1 to 512 bytes (UTF-8), and begins with the application's name. A message is bytes, as many as
  the broker takes at most (1,000,000 unless it is told otherwise).
- Nothing is connected before the first call. After `close` the next call connects again.
- A broker that cannot be reached raises `BrokerUnavailable`. Subscriptions outlive that: they go on when it is back.
"""

from dataclasses import dataclass
from typing import AsyncContextManager, Protocol, runtime_checkable

MAX_CHANNEL = 512
"""The longest name of a channel, in bytes."""

MAX_MESSAGE = 1_000_000
"""The longest message unless a broker is told otherwise, in bytes."""

MAX_QUEUE = 1_000
"""How many messages wait for a subscriber unless it says otherwise."""

MAX_QUEUE_BYTES = 16_000_000
"""How many bytes wait for a subscriber at most; one message always may."""


@dataclass(frozen=True)
class Message:
    """What was published on a channel, or, where `is_gap` is set, the place where some may be missing."""

    channel: str
    data: bytes
    is_gap: bool = False


GAP = Message("", b"", is_gap=True)


class Subscription(Protocol):
    """The messages of some channels, as they come: `async for message in subscription`. One task reads them."""

    @property
    def dropped(self) -> int:
        """How many messages were lost because they were not taken in time."""

    @property
    def gaps(self) -> int:
        """How often messages may have been lost: when some were dropped, or the broker was away."""

    async def add(self, *channels: str) -> None:
        """Follow more channels; what is published on them once this returns is received.

        Raises:
            BrokerUnavailable: the broker cannot be reached, or is closed; it follows what it did before.
        """

    async def remove(self, *channels: str) -> None:
        """Follow these no longer; nothing of them is given any more, not even what has arrived already."""

    def __aiter__(self) -> "Subscription": ...

    async def __anext__(self) -> Message:
        """The next message; the last one has been when the broker is closed."""


@runtime_checkable
class Broker(Protocol):
    """Bytes to everybody who follows a channel, in whichever process."""

    async def publish(self, channel: str, message: bytes) -> None:
        """Send to all who follow the channel now. Returning says that the broker has it, not that anybody got it.

        Raises:
            BrokerUnavailable: it cannot be reached; whether it has the message is not known.
            ValueError: there can be no such channel, or the message is too long.
        """

    def subscribe(
        self, *channels: str, max_queue: int = MAX_QUEUE, gaps: bool = False
    ) -> AsyncContextManager[Subscription]:
        """Follow channels inside the block; what is published once it is entered is received.

        `max_queue` messages wait, and 16 MB of them. With `gaps` a message whose `is_gap` is set says where some may
        be missing, to those who must then look anew at what the messages were about.

        Raises:
            BrokerUnavailable: the broker cannot be reached.
            ValueError: there can be no such channel, or no such queue.
        """

    async def close(self) -> None:
        """End every subscription and let go of connections."""


class BrokerUnavailable(Exception):
    """The broker cannot be reached now; answered with 503 where nothing better is known."""

    http_status = 503
    retry_after = 1
    """Seconds: by then it is asked anew."""


# What implementations check ------------------------------------------------------------------------------------------


def check_channel(channel: str) -> None:
    """Nothing, for what can be a channel.

    Raises:
        ValueError: it is empty or too long.
    """
    if not 0 < len(channel) <= MAX_CHANNEL or len(channel.encode()) > MAX_CHANNEL:
        raise ValueError(f"a channel has 1 to {MAX_CHANNEL} bytes, not {channel[:40]!r}…")


def check_message(message: bytes, most: int) -> None:
    """Nothing, for what is not too long.

    Raises:
        ValueError: it is.
    """
    if len(message) > most:
        raise ValueError(f"a message has at most {most:,} bytes, not {len(message):,}")


def check_queue(max_queue: int) -> None:
    """Nothing, for a number above zero.

    Raises:
        ValueError: it is not.
    """
    if max_queue < 1:
        raise ValueError(f"a queue holds at least 1 message, not {max_queue!r}")
