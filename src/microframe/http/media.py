"""Media types: Content-Type, Accept and Content-Disposition, read strictly and written safely."""

from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Dict, Mapping, Optional, Tuple
from urllib.parse import quote

from microframe.http.headers import CONTROLS, TOKEN

MAX_MEDIA_TYPE = 1024
MAX_ACCEPTED = 50

ATTRIBUTE = "!#$&+-.^_`|~"  # what an extended parameter has beside letters and digits (RFC 8187 §3.2.1)
BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
UNSAFE_IN_NAMES = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *map(ord, "/\\")], "_"),
    **dict.fromkeys(map(ord, BIDI_CONTROLS), "_"),
}
UNSAFE_IN_PLAIN = dict.fromkeys(map(ord, '"%?'), "_")


@dataclass(frozen=True)
class MediaType:
    """A media type; `essence` is `type/subtype`, and all of it but parameter values is lower-case."""

    type: str
    subtype: str
    params: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    essence: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "essence", f"{self.type}/{self.subtype}")


def parse_media_type(value: str) -> MediaType:
    """A Content-Type (RFC 9110 §8.3.1). Parse it once, and hand on what came out.

    Raises:
        ValueError: it is malformed, has a parameter twice, or is longer than 1,024 characters.
    """
    # The length is checked out here, so the cache never keeps a long key that somebody sent.
    if len(value) > MAX_MEDIA_TYPE:
        raise ValueError("the media type is too long")
    return _parse_media_type(value)


@lru_cache(maxsize=256)
def _parse_media_type(value: str) -> MediaType:
    essence, params = parse_options(value)
    kind, _, subtype = essence.partition("/")
    if not is_token(kind) or not is_token(subtype):
        raise ValueError("this is not a media type")
    return MediaType(kind, subtype, MappingProxyType(params))


def is_json(essence: str) -> bool:
    """Whether `type/subtype` means JSON: `application/json`, or any `application/…+json` (RFC 6839 §3.1)."""
    return essence == "application/json" or (essence[:12] == "application/" and essence[-5:] == "+json")


def is_token(text: str) -> bool:
    return bool(text) and text.isascii() and not text.encode("ascii").translate(None, TOKEN)


# Parameters -------------------------------------------------------------------------------------------------


def parse_options(value: str) -> Tuple[str, Dict[str, str]]:
    r"""`form-data; name="a"` to `("form-data", {"name": "a"})`, names lower-case; in linear time.

    In a quoted value `\"` and `\\` are unescaped and other backslashes stay: browsers send paths with them.

    Raises:
        ValueError: a parameter is malformed or there twice, or there are control characters.
    """
    if has_controls(value):
        raise ValueError("there are control characters in this header")
    first, semicolon, _ = value.partition(";")
    options: Dict[str, str] = {}
    at = len(first) + len(semicolon)
    while at < len(value):
        equals = value.find("=", at)
        name = value[at : None if equals < 0 else equals].lstrip(" \t;").lower()
        if equals < 0 and not name:
            break
        if equals < 0 or not is_token(name) or name in options:
            raise ValueError("the parameters of this header are malformed")
        options[name], at = read_value(value, equals + 1)
    return first.strip(" \t").lower(), options


def has_controls(text: str) -> bool:
    if text.isprintable():
        return False
    raw = text.encode("utf-8", "replace")
    return len(raw.translate(None, CONTROLS)) != len(raw)


def read_value(text: str, at: int) -> Tuple[str, int]:
    """The token or quoted text that begins at `at`, and where the next parameter begins."""
    quoted = text[at : at + 1] == '"'
    end = closing_quote(text, at + 1) if quoted else at
    semicolon = text.find(";", end)
    stop = len(text) if semicolon < 0 else semicolon
    found = text[at:stop].rstrip(" \t")
    if quoted and found == text[at : end + 1]:
        # No NUL comes this far: it keeps the place of an escaped backslash for a moment.
        found = found[1:-1].replace("\\\\", "\0").replace('\\"', '"').replace("\0", "\\")
    elif quoted or not is_token(found):
        raise ValueError("the parameters of this header are malformed")
    return found, stop + 1


def closing_quote(text: str, start: int) -> int:
    """Where the quoted text that begins at `start` ends: the first quote with no odd backslash before it."""
    end = text.find('"', start)
    while end >= 0:
        backslashes = end - len(text[start:end].rstrip("\\")) - start
        if backslashes % 2 == 0:
            return end
        start, end = end + 1, text.find('"', end + 1)
    raise ValueError("a quoted text in this header has no end")


# Negotiation ------------------------------------------------------------------------------------------------


def accepts(accept: str, *offers: str) -> Optional[str]:
    """The offer (`type/subtype`) that an Accept header likes best (RFC 9110 §12.5.1), None if it likes none.

    Of equals the first one offered wins. Only the first 50 ranges count; malformed ones and parameters other
    than `q` do not.
    """
    if not accept or accept == "*/*":
        return offers[0] if offers else None
    weights: Dict[str, float] = {}
    for item in accept.lower().split(",", MAX_ACCEPTED)[:MAX_ACCEPTED]:
        essence, _, params = item.partition(";")
        weight = parse_weight(params)
        if weight is not None:
            weights.setdefault(essence.strip(" \t"), weight)
    best, best_weight = None, 0.0
    for offer in offers:
        weight = weight_of(offer.lower(), weights)
        if weight > best_weight:
            best, best_weight = offer, weight
    return best


def weight_of(essence: str, weights: Mapping[str, float]) -> float:
    """What the most specific range that covers a media type says of it."""
    for media_range in (essence, f"{essence.partition('/')[0]}/*", "*/*"):
        if media_range in weights:
            return weights[media_range]
    return 0.0


def accepts_encoding(accept: str, *offers: str) -> Optional[str]:
    """The content coding that an Accept-Encoding header likes best (RFC 9110 §12.5.3); None: none of the offers.

    Of equals the first one offered wins, and each of them over sending the body as it is, unless `identity` is
    preferred by name. Only the first 50 codings count, malformed ones do not.
    """
    weights: Dict[str, float] = {}
    for item in accept.lower().split(",", MAX_ACCEPTED)[:MAX_ACCEPTED]:
        coding, _, params = item.partition(";")
        weight = parse_weight(params)
        if weight is not None:
            weights.setdefault(coding.strip(" \t"), weight)
    best, best_weight = None, weights.get("identity", 0.0)
    for offer in offers:
        weight = weights.get(offer, weights.get("*", 0.0))
        if weight > best_weight or (best is None and weight == best_weight > 0):
            best, best_weight = offer, weight
    return best


def parse_weight(params: str) -> Optional[float]:
    """The `q` of a range, 1 without one, None for one that is no weight (RFC 9110 §12.4.2)."""
    for param in params.split(";"):
        name, _, text = param.partition("=")
        if name.strip(" \t") == "q":
            text = text.strip(" \t")
            digits = text.replace(".", "", 1)
            valid = len(text) <= 5 and text[:1] in {"0", "1"} and digits.isdigit() and digits.isascii()
            return float(text) if valid and float(text) <= 1 else None
    return 1.0


# Content-Disposition ----------------------------------------------------------------------------------------


def format_disposition(kind: str, filename: Optional[str] = None) -> str:
    """A Content-Disposition (RFC 6266): `attachment; filename="plan.pdf"`, and as RFC 8187 has it too.

    Control characters, those that turn the direction of text, and separators of folders become `_`.

    Raises:
        ValueError: the kind is no token.
    """
    if not is_token(kind):
        raise ValueError(f"{kind!r} cannot be a content disposition")
    if not filename:
        return kind
    name = filename.translate(UNSAFE_IN_NAMES)
    # Browsers differ over escapes in the plain form (RFC 6266, appendix D), so it gets none.
    plain = name.encode("ascii", "replace").decode("ascii").translate(UNSAFE_IN_PLAIN)
    if plain == name:
        return f'{kind}; filename="{plain}"'
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=ATTRIBUTE, errors='replace')}"
