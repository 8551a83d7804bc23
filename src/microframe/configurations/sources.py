"""Sources: each place that settings come from, as settings by section and key. An unknown key is refused."""

from pathlib import Path
from typing import Dict, Iterable, Mapping, Tuple

from microframe.configurations.config import FIELDS
from microframe.configurations.dotenv import parse_dotenv
from microframe.configurations.faults import UnknownSetting, did_you_mean, shown
from microframe.configurations.files import read_config_file, read_text
from microframe.configurations.sections import Sections, Setting, normal
from microframe.exceptions import SetupError

PREFIX = "MICROFRAME_"
LARGEST_SECRET = 65_536
LOCATIONS = ("MICROFRAME_CONFIG", "MICROFRAME_ENV_FILE", "MICROFRAME_SECRETS_DIR")
APP_KEYS = tuple(name for name in FIELDS if name != "sections")
_VARIABLES = tuple(PREFIX + key.upper() for key in APP_KEYS)

Layer = Dict[Tuple[str, str], Setting]
"""What one source says: (section, key) to its setting. The application's own section is `""`."""


def read_environment(environ: Mapping[str, str]) -> Layer:
    """The `MICROFRAME_*` variables; those of LOCATIONS say where to look and are no settings."""
    ours = ((name, value) for name, value in environ.items() if name.startswith(PREFIX))
    return _layer((name, value, f"{name} in environment") for name, value in ours if name not in LOCATIONS)


def read_dotenv(file: Path) -> Layer:
    """The `MICROFRAME_*` lines of a `.env` file; the other ones belong to other programs."""
    lines = parse_dotenv(read_text(file), str(file)).items()
    ours = ((name, *found) for name, found in lines if name.startswith(PREFIX))
    return _layer((name, value, f"{name} in {file}:{line}") for name, value, line in ours)


def read_secrets(folder: Path) -> Layer:
    """The files of a folder, each named like a variable, in capitals or not, with its value in it (line
    breaks at the end left out). Files with other names belong to other programs.

    Raises:
        SetupError: the folder cannot be read, or nothing in it is ours.
    """
    try:
        names = sorted(file.name for file in folder.iterdir() if file.is_file())
    except OSError as exc:
        raise SetupError(f"{folder}: {exc.strerror or 'it cannot be read'}") from None
    ours = [name for name in names if name.upper().startswith(PREFIX)]
    if not ours:
        raise SetupError(f"{folder}: no file of this secrets directory has a name such as {PREFIX}SECRET_KEY")
    for one, other in zip(ours, ours[1:]):
        if one.upper() == other.upper():
            raise SetupError(f"{folder}: {one} and {other} are one setting")
    return _layer(
        (name.upper(), read_text(folder / name, largest=LARGEST_SECRET).rstrip("\r\n"), f"{name} in {folder}")
        for name in ours
    )


def _layer(variables: Iterable[Tuple[str, str, str]]) -> Layer:
    return {_key_of(name, where): Setting(value, where, is_text=True) for name, value, where in variables}


def _key_of(name: str, where: str) -> Tuple[str, str]:
    """`MICROFRAME_PORT` -> ("", "port"); `MICROFRAME_CACHE__TTL` -> ("cache", "ttl")."""
    if name in LOCATIONS:
        raise SetupError(f"{where}: it is read from the environment alone")
    section, separator, key = name[len(PREFIX) :].partition("__")
    if name != name.upper():
        raise UnknownSetting(where, f"; did you mean {name.upper()}?")
    if separator and section and key:
        return section.lower(), key.lower()
    if name in _VARIABLES:
        return "", section.lower()
    known = [variable[len(PREFIX) :] for variable in (*_VARIABLES, *LOCATIONS)]
    hint = did_you_mean(section, known, prefix=PREFIX)
    raise UnknownSetting(where, hint or f" (a plugin has its own as {PREFIX}<PLUGIN>__<KEY>)")


def read_file(file: Path) -> Layer:
    """A configuration file: fields of `AppConfig` at the top, `[plugins.<name>]` for sections."""
    prefix, data = read_config_file(file)
    layer: Layer = {}
    for key, value in data.items():
        where = f"{prefix}{key} in {file}"
        if key == "plugins":
            layer.update(_plugin_tables(value, f"{prefix}plugins", file))
        elif key in APP_KEYS:
            layer["", key] = Setting(value, where)
        else:
            raise UnknownSetting(where, did_you_mean(str(key), (*APP_KEYS, "plugins")))
    return layer


def _plugin_tables(tables: object, prefix: str, file: Path) -> Layer:
    if not isinstance(tables, dict):
        raise SetupError(f"{prefix} in {file}: expected a table for each plugin, not {shown(tables)}")
    layer: Layer = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise SetupError(f"{prefix}.{name} in {file}: expected a table, not {shown(table)}")
        for key, value in table.items():
            where, place = f"{prefix}.{name}.{key} in {file}", (normal(str(name)), str(key).lower())
            if place in layer:
                raise SetupError(f"{where}: it is there twice")
            layer[place] = Setting(value, where)
    return layer


def explicit_layer(given: Mapping[str, object], sections: Sections) -> Layer:
    """Keywords, which come before every other source."""
    layer: Layer = {("", key): Setting(value, f"{key} given to load_config") for key, value in given.items()}
    for name, table in sections.tables.items():
        layer.update({(name, key): setting for key, setting in table.items()})
    return layer
