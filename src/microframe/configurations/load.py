"""Load: an AppConfig out of every place that settings come from, the nearer ones winning."""

import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Union, cast, get_type_hints

from typing_extensions import Unpack

from microframe.configurations.checks import CHECKS
from microframe.configurations.coercion import coerce, parse_ring
from microframe.configurations.config import AppConfig, ConfigOptions, refuse_unknown_fields
from microframe.configurations.faults import FieldError, Mismatch, field_error
from microframe.configurations.files import find_config_file
from microframe.configurations.provenance import remember_sources
from microframe.configurations.sections import Sections, Setting
from microframe.configurations.sources import (
    LOCATIONS,
    Layer,
    explicit_layer,
    read_dotenv,
    read_environment,
    read_file,
    read_secrets,
)
from microframe.exceptions import SetupError

Location = Union[None, str, "os.PathLike[str]"]
DOTENV = ".env"


def load_config(
    path: Location = None,
    *,
    env_file: Location = None,
    secrets_dir: Location = None,
    environ: Mapping[str, str] = os.environ,
    **explicit: Unpack[ConfigOptions],
) -> AppConfig:
    """The configuration of this process, from every place that settings come from.

    Of two places that set the same key, the first of these wins: keywords given here, the environment, the
    secrets directory, `.env.<environment>`, `.env`, the configuration file, the defaults. `path`, `env_file`
    and `secrets_dir` say where to look, or MICROFRAME_CONFIG, MICROFRAME_ENV_FILE and MICROFRAME_SECRETS_DIR
    do; otherwise `microframe.toml`, `.json` or `.yaml` (or the table `[tool.microframe]` of `pyproject.toml`)
    and `.env` are read where they are in the working directory.

    Raises:
        SetupError: a file that was named is missing, a key is unknown, or a value is not what its key wants.
            The text names the key and its source, in one line, and shows no secret.
    """
    refuse_unknown_fields(explicit)
    places = [given or environ.get(name) for given, name in zip((path, env_file, secrets_dir), LOCATIONS)]
    nearest = [_explicit(explicit), read_environment(environ)]
    if places[2]:
        nearest.append(read_secrets(Path(places[2])))
    dotenv = Path(places[1] or DOTENV)
    farthest = _dotenv(dotenv, named=bool(places[1])) + _file(Path(places[0]) if places[0] else None)
    layers = nearest + _dotenv_of_environment(dotenv, nearest + farthest) + farthest
    return _build({place: setting for layer in reversed(layers) for place, setting in layer.items()})


def _explicit(given: ConfigOptions) -> Layer:
    values = cast(Dict[str, object], given)
    sections = _checked("sections", values["sections"]) if "sections" in values else Sections()
    own = {key: value for key, value in values.items() if key != "sections"}
    return explicit_layer(own, cast(Sections, sections))


def _checked(name: str, value: object) -> object:
    try:
        return CHECKS[name](value)
    except Mismatch as mismatch:
        raise field_error(name, mismatch) from None


def _dotenv(file: Path, *, named: bool) -> List[Layer]:
    return [read_dotenv(file)] if named or file.is_file() else []


def _file(file: Optional[Path]) -> List[Layer]:
    file = file or find_config_file(Path())
    return [read_file(file)] if file else []


def _dotenv_of_environment(dotenv: Path, layers: List[Layer]) -> List[Layer]:
    """The `.env.<environment>` beside `.env`, once the other places have said which environment this is."""
    chosen = next((layer["", "environment"] for layer in layers if ("", "environment") in layer), None)
    environment = _value("environment", chosen) if chosen else "development"
    found = _dotenv(dotenv.with_name(f"{dotenv.name}.{environment}"), named=False)
    for layer in found:
        again = layer.get(("", "environment"))
        if again and again.value != environment:
            raise SetupError(
                f"{again.where}: this file is read in {environment}, and cannot choose another one"
            )
    return found


def _build(settings: Layer) -> AppConfig:
    values: Dict[str, object] = {}
    tables: Dict[str, Dict[str, Setting]] = {}
    for (section, key), setting in settings.items():
        if section:
            tables.setdefault(section, {})[key] = setting
        else:
            values[key] = _value(key, setting)
    try:
        config = AppConfig(**cast(ConfigOptions, {**values, "sections": Sections(tables)}))
        remember_sources(config, settings)
        return config
    except FieldError as exc:
        blamed = settings.get(("", exc.field))
        raise SetupError(f"{exc.field if blamed is None else blamed.where}: {exc.problem}") from None


def _value(key: str, setting: Setting) -> object:
    """One field's value, checked here already so that its source can be named."""
    try:
        value = setting.value
        if setting.is_text and isinstance(value, str):
            value = parse_ring(value) if key == "secret_key" else coerce(value, _HINTS[key], is_text=True)
        return CHECKS[key](value)
    except Mismatch as mismatch:
        raise SetupError(f"{setting.where}: {field_error(key, mismatch).problem}") from None


_HINTS: Dict[str, Any] = get_type_hints(AppConfig)
