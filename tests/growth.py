"""Growth: whether work grows no faster than its input (DESIGN §9)."""

import gc
import time
from typing import Callable, TypeVar

T = TypeVar("T")

ROUNDS = 5
TRIES = 4
MAX_RATIO = 3.0  # linear is 2, quadratic is 4
MEASURABLE = 0.01  # seconds of processor time
LARGEST = 200_000


def assert_linear(make: Callable[[int], T], work: Callable[[T], object], size: int = 1000) -> None:
    """Fail if twice the input takes more than three times as long, as often as it is tried.

    `make` gives the input of a size, `work` is what is measured. The size is doubled until the work can be
    measured; what is over at once with `LARGEST` is not quadratic.
    """
    while (once := fastest(make(size), work)) < MEASURABLE and size < LARGEST:
        size *= 2
    ratios = []
    for _ in range(TRIES):
        twice = fastest(make(2 * size), work)
        ratios.append(twice / once)
        if ratios[-1] < MAX_RATIO or twice < MEASURABLE:
            return
        once = fastest(make(size), work)
    raise AssertionError(f"twice the input ({size}) took {ratios} times as long")


def fastest(value: T, work: Callable[[T], object]) -> float:
    """Without the collector: what it takes depends on all that is there, not on the work."""
    times = []
    collects = gc.isenabled()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            start = time.process_time()
            work(value)
            times.append(time.process_time() - start)
    finally:
        if collects:
            gc.enable()
    return min(times)
