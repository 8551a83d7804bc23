"""Faults: what is said about a setting that cannot be used; one line, its source, and never a secret."""

import re
from typing import Iterable

from microframe.configurations.secret import carries_credentials, is_secret_name
from microframe.exceptions import SetupError

LONGEST_SHOWN = 60
LARGEST_SHOWN = 2**64


class Mismatch(ValueError):
    """A value that is not what its setting wants. Whoever reads it adds its name and source."""

    def __init__(self, expected: str, found: object, *, hint: str = "", secret: bool = False) -> None:
        super().__init__(expected)
        self.expected = expected
        self.found = found
        self.hint = hint
        self.secret = secret

    def describe(self, *, hidden: bool) -> str:
        """What is wrong, with the value unless it is to stay hidden."""
        text = f"expected {self.expected}"
        if not hidden and not self.secret:
            text += f", not {shown(self.found)}"
        return text + self.hint


class FieldError(SetupError):
    """A field of a configuration that cannot have this value. `problem` is the text without its name."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class UnknownSetting(SetupError):
    """A setting that means nothing; `where` is its key and its source, `hint` what may have been meant."""

    def __init__(self, where: str, hint: str = "", problem: str = "no such setting") -> None:
        super().__init__(f"{where}: {problem}{hint}")
        self.where = where


def field_error(field: str, mismatch: Mismatch) -> FieldError:
    """A mismatch, once the field is known; the value of a secret one stays hidden."""
    return FieldError(field, mismatch.describe(hidden=is_secret_name(field)))


def shown(value: object) -> str:
    """A value in one short line, for a message; containers are only named."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        if carries_credentials(value):
            return "an address with credentials"
        text = repr(value)
        return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"
    if isinstance(value, bool) or (
        isinstance(value, (int, float)) and -LARGEST_SHOWN < value < LARGEST_SHOWN
    ):
        return repr(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    return f"a value of type {type(value).__name__}"


def one_line(text: str) -> str:
    """A text of someone else's in one line."""
    return re.sub(r"\s+", " ", text).strip()


def did_you_mean(name: str, known: Iterable[str], *, prefix: str = "") -> str:
    """`; did you mean …?` when a known name is close, otherwise nothing. `prefix` comes before each."""
    from difflib import get_close_matches  # slow to import, and only wanted on the way out

    close = get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f"; did you mean {prefix}{close[0]}?" if close else ""


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Someone else's text without the secrets that may stand in it, as they are or as `repr` writes them."""
    for secret in sorted(secrets, key=len, reverse=True):
        for spelling in (secret, repr(secret)[1:-1]):
            if spelling.strip():
                text = text.replace(spelling, "***")
    return text
