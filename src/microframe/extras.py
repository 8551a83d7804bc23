"""Extras: optional packages, and what to install when one is missing."""

from contextlib import contextmanager
from typing import Iterator

from microframe.exceptions import SetupError

DISTRIBUTION = "microframe-web"


@contextmanager
def requires_extra(extra: str) -> Iterator[None]:
    """Around the imports at the top of a module that needs an optional package.

    Raises:
        SetupError: one of them is not installed; the message says what to install.
    """
    try:
        yield
    except ModuleNotFoundError as exc:
        raise SetupError(f"{exc.name} is not installed: pip install '{DISTRIBUTION}[{extra}]'") from exc
