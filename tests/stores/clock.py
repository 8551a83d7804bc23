"""Clock: time that stands still until a test lets it go on."""


class Clock:
    """Seconds, as a store asks for them."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now
