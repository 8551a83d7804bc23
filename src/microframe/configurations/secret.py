"""Secret: a text that never shows itself, how to tell that a setting is one, and whether it is a good one."""

import hmac
import re
from typing import get_args

MASK = "**********"
SHORTEST_KEY = 32
LEAST_LETTERS = 6

_SECRET_NAME = re.compile(
    r"secret|passw|passphrase|token|credential|private|pepper|(^|_)(keys?|salt|dsn|ur[il]s?|auth|pin|cookie)(_|$)"
)
# Nothing short here: a random key must not hold one of these by chance.
_PLACEHOLDER = re.compile(
    r"secret|change(me|this|it)|replace(me|this)|insecure|placeholder|password|example|development|12345678"
    r"|abcdefgh|qwerty|letmein|foobar"
)
_CREDENTIALS = re.compile(r"://[^/\s]*@")


class Secret:
    """A text that `repr`, `str`, formats and logs show as asterisks; `reveal()` gives it.

    A plugin's options use it as a type: `password: Secret`.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_utf8(self._value), _utf8(other._value))

    def __hash__(self) -> int:
        return hash(self._value)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def is_secret_name(name: str) -> bool:
    """Whether a setting of this name may hold a secret: its value is never shown. Rather too often than once
    too little: addresses count, for they may carry a password."""
    return bool(_SECRET_NAME.search(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()))


def is_secret_type(hint: object) -> bool:
    """Whether a value of this type is a secret: `Secret`, Pydantic's `SecretStr`, or made of them."""
    if hint is Secret or hasattr(hint, "get_secret_value"):
        return True
    return any(is_secret_type(part) for part in get_args(hint))


def carries_credentials(text: str) -> bool:
    """Whether a text holds an address with a name or password in it: `redis://:hunter2@cache`."""
    return bool(_CREDENTIALS.search(text))


def weakness_of(key: str) -> str:
    """Why a signing key is too weak for production, without the key; nothing when it is not."""
    size = len(_utf8(key))
    if size < SHORTEST_KEY:
        return f"is too short: {size} bytes, and {SHORTEST_KEY} are the least"
    if _PLACEHOLDER.search(re.sub(r"[^a-z0-9]", "", key.lower())):
        return "looks like a placeholder out of an example"
    if len(set(key)) < LEAST_LETTERS:
        return "repeats a few letters"
    return ""
