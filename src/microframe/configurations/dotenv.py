"""Dotenv: the lines of a `.env` file as names and values. Nothing is expanded: `$` is a mere letter."""

import re
from typing import Dict, Iterator, Tuple

from microframe.exceptions import SetupError

_NAME = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_BARE = re.compile(r"[^\n]*")
_BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_COMMENT = re.compile(r"[ \t]#.*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


def parse_dotenv(text: str, file: str) -> Dict[str, Tuple[str, int]]:
    """Names to their value and line number.

    A value is bare (it ends at the line's end or before ` #`), in single quotes (as it stands) or in double
    quotes (`\\n`, `\\t`, `\\r`, `\\"`, `\\\\` and `\\$` are read); quoted ones may have several lines.

    Raises:
        SetupError: a line is no `NAME=value`, a quote is left open, or a name is there twice. The text names
            file and line, and shows nothing of a value.
    """
    found: Dict[str, Tuple[str, int]] = {}
    for name, value, line in _assignments(text.replace("\r\n", "\n"), file):
        if name in found:
            raise SetupError(f"{file}:{line}: {name} is already in line {found[name][1]}")
        found[name] = (value, line)
    return found


def _assignments(text: str, file: str) -> Iterator[Tuple[str, str, int]]:
    place, line = 0, 1
    while place < len(text):
        start = place
        blank = _BLANK.match(text, place)
        if blank:
            place = blank.end()
        else:
            named = _NAME.match(text, place)
            if named is None:
                raise SetupError(f"{file}:{line}: expected NAME=value")
            value, place = _value(text, named.end(), f"{file}:{line}")
            yield named[1], value, line
        line += text.count("\n", start, place)


def _value(text: str, place: int, where: str) -> Tuple[str, int]:
    """A value that begins at `place`, and where the next line begins."""
    quote = text[place : place + 1]
    if quote == "'" or quote == '"':
        quoted = (_SINGLE if quote == "'" else _DOUBLE).match(text, place)
        if quoted is None:
            raise SetupError(f"{where}: the quote is never closed")
        rest = _BLANK.match(text, quoted.end())
        if rest is None:
            raise SetupError(f"{where}: only a comment may follow the closing quote")
        return quoted[1] if quote == "'" else _unescape(quoted[1]), rest.end()
    bare = _BARE.match(text, place)
    end = bare.end() if bare else place
    # With the letter before it, `=` or a blank: in `NAME= # nothing` the comment begins at the value.
    return _COMMENT.sub("", text[place - 1 : end])[1:].strip(), end + 1


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda part: _ESCAPES.get(part[1], part[0]), text)
