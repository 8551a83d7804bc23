"""Provenance: where each setting of a configuration came from, for who tells something of it."""

import re
from pathlib import Path
from typing import Dict, Mapping, Tuple

from microframe.configurations.config import AppConfig
from microframe.configurations.sections import Setting

IN_FILE = re.compile(r" in (.+?)(?::(\d+))?$")


def remember_sources(config: AppConfig, settings: Mapping[Tuple[str, str], Setting]) -> None:
    """Note where the fields of a configuration, that has just been made of these, came from."""
    found = {key: setting.where for (section, key), setting in settings.items() if not section}
    object.__setattr__(config, "_sources", found)


def was_loaded(config: AppConfig) -> bool:
    """Whether it was made by `load_config`, which reads the environment and files."""
    return hasattr(config, "_sources")


def source_of(config: AppConfig, field: str) -> str:
    """A field as its source names it, `MICROFRAME_HOST in .env:3`; its name where nobody knows, or nobody set it."""
    sources: Dict[str, str] = getattr(config, "_sources", {})
    where = sources.get(field, field)
    return field if where.endswith(" given to load_config") else where


def place_in(where: str) -> Tuple[str, int]:
    """The file and line that a source names; nothing where it names no file that is there."""
    found = IN_FILE.search(where)
    if found is None or not Path(found[1]).is_file():
        return "", 0
    return str(Path(found[1]).resolve()), int(found[2] or 0)
