"""File names: what a sender calls a file, made harmless, and what a program may call one."""

import re
from typing import Final

from microframe.http.media import BIDI_CONTROLS

LONGEST: Final = 255
"""Bytes of a file name, as file systems have it."""

DEVICES: Final = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"]
)

PLAIN: Final = re.compile(r"[A-Za-z0-9_-]([A-Za-z0-9._ -]{,253}[A-Za-z0-9_-])?")
"""Names that are harmless at first sight."""

UNSAFE: Final = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)], "_"),
    **dict.fromkeys(map(ord, '<>:"/\\|?*' + BIDI_CONTROLS), "_"),
}


def clean_filename(name: str) -> str:
    """The last part of a name, without what a file system, a terminal or a page could take amiss; may be empty.

    No folder, no drive, no dot in front, no dot or space at the end, no device of Windows, 255 bytes at most.
    """
    if PLAIN.fullmatch(name) and not is_device(name):
        return name
    last = name.replace("\\", "/").rpartition("/")[2]
    if last[1:2] == ":" and last[:1].isalpha():
        last = last[2:]
    last = shorten(last.translate(UNSAFE).lstrip(". ").rstrip(". "))
    return f"_{shorten(last, LONGEST - 1)}" if is_device(last) else last


def shorten(name: str, longest: int = LONGEST) -> str:
    """The name within a number of bytes, its extension kept where it is a short one."""
    if len(name.encode()) <= longest:
        return name
    stem, dot, extension = name.rpartition(".")
    ending = dot + extension if stem and len(extension.encode()) <= 16 else ""
    kept = (stem if ending else name).encode()[: longest - len(ending.encode())]
    return kept.decode("utf-8", "ignore").rstrip(". ") + ending


def is_device(name: str) -> bool:
    """Whether Windows takes this name for a device, as it does in every folder, whatever ending or spaces follow."""
    return name.partition(".")[0].rstrip(" ").lower() in DEVICES


def check_filename(name: str) -> str:
    """A name that a file can safely have on any system.

    Raises:
        ValueError: it is none.
    """
    if not name or clean_filename(name) != name:
        raise ValueError(f"{name!r} is no plain name for a file")
    return name
