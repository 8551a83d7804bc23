"""Growth: whether work grows no faster than its input (DESIGN §9)."""

import time
from typing import Callable, TypeVar

T = TypeVar("T")

ROUNDS = 5
MAX_RATIO = 3.0  # linear is 2, quadratic is 4
SHORTEST = 0.002  # seconds; below this a clock's ticks decide


def assert_linear(make: Callable[[int], T], work: Callable[[T], object], size: int = 2000) -> None:
    """Fail if twice the input takes more than three times as long, twice in a row.

    The size is doubled until the work is long enough to be measured.
    """
    while fastest(make(size), work) < SHORTEST and size < 1_000_000:
        size *= 2
    ratios = []
    for _ in range(2):
        ratios.append(fastest(make(2 * size), work) / fastest(make(size), work))
        if ratios[-1] < MAX_RATIO:
            return
    raise AssertionError(f"twice the input ({size}) took {ratios} times as long")


def fastest(value: T, work: Callable[[T], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work(value)
        times.append(time.process_time() - start)
    return min(times)
