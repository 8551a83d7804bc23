"""Filetypes: the media type of a file by the ending of its name, the same on every machine."""

from functools import lru_cache
from os.path import splitext
from typing import Dict

UNKNOWN = "application/octet-stream"
MAX_ENDING = 16  # characters

# What the web is made of stands here: a machine's own registry may say that `.js` is text/plain, and with
# `nosniff` no page would run. Compressed files are what they are, not what is in them.
KNOWN: Dict[str, str] = {
    ".7z": "application/x-7z-compressed",
    ".aac": "audio/aac",
    ".apng": "image/apng",
    ".avif": "image/avif",
    ".br": "application/octet-stream",
    ".bz2": "application/x-bzip2",
    ".cjs": "text/javascript",
    ".css": "text/css",
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".epub": "application/epub+zip",
    ".flac": "audio/flac",
    ".geojson": "application/geo+json",
    ".gif": "image/gif",
    ".gz": "application/gzip",
    ".htm": "text/html",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".ics": "text/calendar",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".map": "application/json",
    ".markdown": "text/markdown",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".otf": "font/otf",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".rss": "application/rss+xml",
    ".svg": "image/svg+xml",
    ".svgz": "application/octet-stream",
    ".tar": "application/x-tar",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".toml": "application/toml",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
    ".vtt": "text/vtt",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xhtml": "application/xhtml+xml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xml": "application/xml",
    ".xz": "application/x-xz",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
    ".zst": "application/zstd",
}


def media_type_of(name: str) -> str:
    """The media type of a file with this name; `application/octet-stream` for an ending nobody knows."""
    ending = splitext(name)[1].lower()
    found = KNOWN.get(ending)
    if found is None and 1 < len(ending) <= MAX_ENDING:
        found = _registered().get(ending)
    return found or UNKNOWN


@lru_cache(maxsize=1)
def _registered() -> Dict[str, str]:
    import mimetypes

    # Python's own table; its instances know nothing of the machine's.
    return mimetypes.MimeTypes().types_map[True]
