"""Contents: what kind of file something is by its first bytes, whatever its name and its sender say."""

from os.path import splitext
from typing import Callable, Final, Mapping, Optional, Sequence, Tuple

from microframe.exceptions import StatusException
from microframe.http.filetypes import media_type_of

FIRST: Final = 4096
"""Bytes of a file that are looked at."""

IsKind = Callable[[bytes], bool]


class UnsupportedFileException(StatusException):
    """This file is not what is taken here: {kinds}."""

    status = 415
    code = "unsupported_file"


def starts(*signatures: bytes, at: int = 0) -> IsKind:
    return lambda head: any(head.startswith(signature, at) for signature in signatures)


def is_text(head: bytes) -> bool:
    """Whether this begins a text in UTF-8, without control characters, that no browser takes for a page."""
    try:
        text = head.decode()
    except UnicodeDecodeError as exc:
        if exc.start < len(head) - 3 or len(head) < FIRST:
            return False
        text = head[: exc.start].decode()
    return not any(ord(letter) < 32 and letter not in "\t\n\r\f" for letter in text) and not is_markup(head)


def is_markup(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n\f")[:1] == b"<"


def is_riff(kind: bytes) -> IsKind:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == kind


def is_brand(*brands: bytes) -> IsKind:
    """A file of ISO 14496-12, of one of these brands."""
    return lambda head: head[4:8] == b"ftyp" and any(head.startswith(brand, 8) for brand in brands)


ZIP: Final = starts(b"PK\x03\x04", b"PK\x05\x06")
KINDS: Final[Mapping[str, IsKind]] = {
    **dict.fromkeys([".jpg", ".jpeg"], starts(b"\xff\xd8\xff")),
    ".png": starts(b"\x89PNG\r\n\x1a\n"),
    ".gif": starts(b"GIF87a", b"GIF89a"),
    ".webp": is_riff(b"WEBP"),
    ".avif": is_brand(b"avif", b"avis", b"mif1"),
    ".heic": is_brand(b"heic", b"heix", b"mif1"),
    ".ico": starts(b"\x00\x00\x01\x00"),
    **dict.fromkeys([".tif", ".tiff"], starts(b"II*\x00", b"MM\x00*")),
    ".pdf": starts(b"%PDF-"),
    **dict.fromkeys([".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub"], ZIP),
    ".gz": starts(b"\x1f\x8b\x08"),
    ".bz2": starts(b"BZh"),
    ".xz": starts(b"\xfd7zXZ\x00"),
    ".zst": starts(b"\x28\xb5\x2f\xfd"),
    ".7z": starts(b"7z\xbc\xaf\x27\x1c"),
    ".mp3": starts(b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    ".mp4": is_brand(b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V", b"dash"),
    ".m4a": is_brand(b"M4A", b"mp42", b"isom"),
    ".mov": is_brand(b"qt  "),
    **dict.fromkeys([".ogg", ".oga", ".ogv", ".opus"], starts(b"OggS")),
    ".flac": starts(b"fLaC"),
    ".wav": is_riff(b"WAVE"),
    **dict.fromkeys([".webm", ".mkv"], starts(b"\x1a\x45\xdf\xa3")),
    ".woff": starts(b"wOFF"),
    ".woff2": starts(b"wOF2"),
    ".ttf": starts(b"\x00\x01\x00\x00", b"true"),
    ".otf": starts(b"OTTO"),
    **dict.fromkeys([".txt", ".csv", ".md", ".json", ".yaml", ".yml", ".toml", ".ics", ".vtt"], is_text),
}
"""By the ending of a name, what such a file begins with. Pages, SVG and programs are not among them."""


def check_kind(filename: Optional[str], head: bytes, endings: Sequence[str]) -> str:
    """The media type of a file that has one of these endings, and begins like such a file.

    That is a look at the beginning, and no proof of the rest: what is served again is served as a download.

    Raises:
        ValueError: an ending of which it is not known how such files begin.
        UnsupportedFileException: it is no such file.
    """
    wanted = checked_endings(endings)
    ending = splitext(filename or "")[1].lower()
    if ending not in wanted or not KINDS[ending](head[:FIRST]):
        raise UnsupportedFileException(kinds=", ".join(wanted))
    return media_type_of(f"x{ending}")


def checked_endings(endings: Sequence[str]) -> Tuple[str, ...]:
    wanted = tuple(ending.lower() for ending in endings)
    unknown = [ending for ending in wanted if ending not in KINDS]
    if unknown or not wanted:
        raise ValueError(
            f"how files of these endings begin is not known: {', '.join(unknown) or 'none given'}"
        )
    return wanted
