"""Files: reading a configuration file, whatever its format, and finding the one that nobody named."""

import json
import re
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Tuple

from microframe.exceptions import SetupError

LARGEST_FILE = 1_048_576
NAMES = ("microframe.toml", "microframe.json", "microframe.yaml", "microframe.yml")
PYPROJECT = "pyproject.toml"
_TOML_PLACE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)")
_OUR_TABLE = re.compile(r"^\s*\[\s*tool\s*\.\s*[\"']?microframe\b(?![-\"']?\w)", re.MULTILINE)


def read_text(file: Path, *, largest: int = LARGEST_FILE) -> str:
    """The text of a small file.

    Raises:
        SetupError: it cannot be read, is larger than `largest` bytes, or is not UTF-8.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(largest + 1)
    except OSError as exc:
        raise SetupError(f"{file}: {exc.strerror or 'it cannot be read'}") from None
    if len(raw) > largest:
        raise SetupError(f"{file}: larger than {largest} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SetupError(f"{file}: not UTF-8") from None


def find_config_file(folder: Path) -> Optional[Path]:
    """The configuration file of a folder: `microframe.toml`, `.json`, `.yaml`, or a `pyproject.toml` that has
    a table for us.

    Raises:
        SetupError: there are several.
    """
    found = [folder / name for name in NAMES if (folder / name).is_file()]
    if len(found) > 1:
        raise SetupError(f"{' and '.join(file.name for file in found)}: keep one of them")
    if found:
        return found[0]
    project = folder / PYPROJECT
    if not project.is_file() or not _OUR_TABLE.search(read_text(project)):
        return None
    return project


def read_config_file(file: Path) -> Tuple[str, Mapping[str, object]]:
    """What stands before each key in messages, and the table of settings.

    Raises:
        SetupError: the file cannot be read, or is not what its name says.
    """
    data = _parse(file, read_text(file))
    prefix = ""
    if file.name == PYPROJECT:
        prefix = "tool.microframe."
        for name in ("tool", "microframe"):
            data = data.get(name) if isinstance(data, dict) else None
        if data is None:
            raise SetupError(f"{file}: it has no table [tool.microframe]")
    if data is None:
        data = {}  # an empty YAML file
    if not isinstance(data, dict):
        raise SetupError(f"{file}: expected a table of settings")
    return prefix, data


def _parse(file: Path, text: str) -> object:
    kind = file.suffix.lower()
    try:
        if kind == ".toml":
            return _parse_toml(text)
        if kind == ".json":
            return json.loads(text, object_pairs_hook=_table, parse_constant=_refuse_constant)
        if kind in (".yaml", ".yml"):
            from microframe.configurations.yaml import parse_yaml  # PyYAML, for whoever has such a file

            return parse_yaml(text)
    except RecursionError:
        raise SetupError(f"{file}: too deeply nested") from None
    except ValueError as exc:
        place = _place(exc, text)
        raise SetupError(f"{file}{place}: not valid {kind[1:].upper()}") from None
    raise SetupError(f"{file}: a configuration file ends in .toml, .json, .yaml or .yml")


def _parse_toml(text: str) -> object:
    from microframe.configurations.toml import parse_toml  # needs tomli on Python 3.9 and 3.10

    return parse_toml(text)


def _place(exc: ValueError, text: str) -> str:
    """`:12`, the line of a parse error. Its own words stay out: they may quote the file."""
    if isinstance(exc, json.JSONDecodeError):
        return f":{exc.lineno}"
    found = _TOML_PLACE.search(str(exc)) or re.fullmatch(r"line (\d+)", str(exc))
    if found is None:
        return ""
    last_line = text.count("\n") + 1
    return f":{found[1] or last_line}"


def _table(pairs: List[Tuple[str, object]]) -> Dict[str, object]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key is there twice")
    return table


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
