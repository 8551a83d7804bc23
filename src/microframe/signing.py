"""Signing: bytes that leave the application and are believed when they return, for one purpose and a time."""

import binascii
import hashlib
import hmac
import math
import struct
import time
from hmac import compare_digest
from typing import Callable, NamedTuple, Optional, Sequence, Tuple, Union

from microframe.exceptions import MicroFrameException, SetupError

__all__ = ["BadSignature", "SignatureExpired", "Signer", "Verified", "derive_key"]

MAX_PAYLOAD = 65_536
VERSION = 1
_HEAD = struct.Struct(
    ">BQ"
)  # version, then the end of life in milliseconds since 1970; 0 where there is none
_MAC_SIZE, _BLOCK_SIZE = 32, 64
_SALT = b"microframe.signing"
_FROM_STANDARD, _TO_STANDARD = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
"""Between the alphabets of base64 and base64url (RFC 4648 §5)."""


class BadSignature(MicroFrameException):
    """A token that was not signed by us for this purpose, or was changed since."""


class SignatureExpired(BadSignature):
    """A token that was signed by us, and whose time is over."""


class Verified(NamedTuple):
    """What a token said."""

    payload: bytes
    expires_at: Optional[float]
    """Seconds since 1970, or None where the token never expires."""
    outdated: bool
    """An old key verified it: sign the payload again, so that the old key can be retired."""


class Signer:
    """Signs and verifies with HMAC-SHA256; a token for one purpose is refused for every other.

    The first key signs, all of them verify: put a new key in front, and remove the old one when the
    longest-lived token has expired. A purpose of several parts is a tuple; `("ab", "c")` and `("a", "bc")`
    are two purposes. `clock` gives seconds since 1970. A payload is signed, not hidden: whoever holds the
    token can read it.
    """

    __slots__ = ("_clock", "_macs", "_max_size", "_max_token", "purpose")

    def __init__(
        self,
        keys: Sequence[str],
        purpose: Union[str, Tuple[str, ...]],
        *,
        clock: Callable[[], float] = time.time,
        max_size: int = MAX_PAYLOAD,
    ) -> None:
        parts = (purpose,) if isinstance(purpose, str) else tuple(purpose)
        if isinstance(keys, str):
            raise SetupError("a Signer takes a list of keys, not one text")
        if not keys or not all(keys):
            raise SetupError("a Signer needs at least one key, and none of them empty")
        if not any(parts):
            raise SetupError("a Signer needs a purpose, or its tokens could be used for another")
        self.purpose = purpose
        derived = (derive_key(_utf8(key), _framed(parts), salt=_SALT) for key in keys)
        self._macs = tuple(build_mac(key) for key in derived)
        self._clock = clock
        self._max_size = max_size
        self._max_token = -(-(_HEAD.size + max_size + _MAC_SIZE) * 4 // 3)

    def __repr__(self) -> str:
        return f"Signer(purpose={self.purpose!r}, keys={len(self._macs)})"

    def sign(self, payload: bytes, expires_in: Optional[float] = None) -> str:
        """A token for `payload`, of `A-Z a-z 0-9 - _` alone, good for `expires_in` seconds or for ever.

        Raises:
            ValueError: the payload is larger than `max_size` bytes, or `expires_in` is no positive number.
        """
        if len(payload) > self._max_size:
            raise ValueError(f"{len(payload)} bytes are too many to sign: the limit is {self._max_size}")
        expires = 0
        if expires_in is not None:
            if not (math.isfinite(expires_in) and expires_in > 0):
                raise ValueError(f"expires_in is a positive number of seconds, not {expires_in!r}")
            expires = math.ceil((self._clock() + expires_in) * 1000)
        signed = _HEAD.pack(VERSION, expires) + payload
        return _encode(signed + self._macs[0](signed))

    def verify(self, token: str) -> bytes:
        """The payload of a token.

        Raises:
            BadSignature: we did not sign it for this purpose, or it was changed.
            SignatureExpired: we did, and its time is over.
        """
        return self.check(token).payload

    def check(self, token: str) -> Verified:
        """The payload of a token, when it expires, and whether an old key signed it.

        Raises:
            BadSignature: we did not sign it for this purpose, or it was changed.
            SignatureExpired: we did, and its time is over.
        """
        raw = self._decode(token)
        signed, mac = raw[:-_MAC_SIZE], raw[-_MAC_SIZE:]
        matches = [compare_digest(make(signed), mac) for make in self._macs]
        # The signature first: nothing is read out of bytes that anybody may have written.
        if True not in matches:
            raise BadSignature("the signature does not match")
        version, expires = _HEAD.unpack_from(signed)
        if version != VERSION:
            raise BadSignature("the token has another version")
        if expires and self._clock() * 1000 >= expires:
            raise SignatureExpired("the token has expired")
        return Verified(signed[_HEAD.size :], expires / 1000 if expires else None, outdated=not matches[0])

    def _decode(self, token: str) -> bytes:
        if len(token) > self._max_token:
            raise BadSignature("the token is too large")
        try:
            standard = token.encode("ascii").translate(_TO_STANDARD)
            raw = binascii.a2b_base64(standard + b"=" * (-len(standard) % 4))
        except (ValueError, binascii.Error):
            raise BadSignature("the token is not base64url") from None
        # What is no base64url is passed over so far: like unused bits, it would give one payload several spellings.
        if len(raw) < _HEAD.size + _MAC_SIZE or _encode(raw) != token:
            raise BadSignature("the token is malformed")
        return raw


def build_mac(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA256 with one key of at most 64 bytes (RFC 2104), of which all that the key alone decides is done here."""
    block = key.ljust(_BLOCK_SIZE, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def mac(message: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(message)
        second.update(first.digest())
        return second.digest()

    return mac


def derive_key(secret: bytes, info: bytes, *, salt: bytes = b"", length: int = 32) -> bytes:
    """A key for one use out of a secret: HKDF with SHA-256 (RFC 5869). `length` is at most 8,160 bytes."""
    if not 0 < length <= 255 * _MAC_SIZE:
        raise ValueError(f"HKDF gives 1 to {255 * _MAC_SIZE} bytes, not {length}")
    extracted = hmac.digest(salt or bytes(_MAC_SIZE), secret, "sha256")
    block, derived = b"", b""
    for counter in range(1, -(-length // _MAC_SIZE) + 1):
        block = hmac.digest(extracted, block + info + bytes([counter]), "sha256")
        derived += block
    return derived[:length]


def _framed(parts: Sequence[str]) -> bytes:
    # Each part with its length in front: joining alone would make ("ab", "c") and ("a", "bc") the same.
    encoded = [_utf8(part) for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _utf8(text: str) -> bytes:
    # A key out of the environment may have bytes that are no UTF-8: Python gives them as lone surrogates.
    return text.encode("utf-8", "surrogatepass")


def _encode(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).translate(_FROM_STANDARD).rstrip(b"=").decode("ascii")
