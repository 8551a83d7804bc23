"""Settings: what the command line says of the application's configuration, and whether it was heard."""

import os
from typing import Any, List, Optional, Sequence, Tuple

from microframe import AppConfig, Application, SetupError, load_config
from microframe.cli.failure import USAGE, Failure
from microframe.cli.target import Loaded

Required = Tuple[Tuple[str, object], ...]
"""Fields that the configuration must have, with their values."""


def export(env_file: Optional[str], root_path: Optional[str], trusted_proxies: Sequence[str]) -> Required:
    """Put options where `load_config` reads them, before the application is imported."""
    required: List[Tuple[str, object]] = []
    if env_file is not None:
        os.environ["MICROFRAME_ENV_FILE"] = env_file
    if root_path is not None:
        os.environ["MICROFRAME_ROOT_PATH"] = root_path
        required.append(("root_path", root_path))
    if trusted_proxies:
        os.environ["MICROFRAME_TRUSTED_PROXIES"] = ",".join(trusted_proxies)
        required.append(("trusted_proxies", tuple(trusted_proxies)))
    return tuple(required)


def settings_of(app: Loaded, required: Required = ()) -> AppConfig:
    """The configuration of an application; for one that is not ours, what the environment says.

    Raises:
        Failure: it has not taken what the command line asks for.
    """
    try:
        config = app.config if isinstance(app, Application) else load_config()
        wanted: Any = dict(required)
        expected = config.replace(**wanted)
    except SetupError as exc:
        raise Failure(str(exc)) from exc
    for name, _ in required:
        option = f"--{name.replace('_', '-')}"
        if not isinstance(app, Application):
            raise Failure(f"{option} means nothing to an application that is not MicroFrame's", USAGE)
        if getattr(config, name) != getattr(expected, name):
            raise Failure(
                f"{option} has no effect: the application sets {name} itself, or was given an AppConfig "
                "whole, which reads no environment (use Application(…) with keywords, or load_config)",
                USAGE,
            )
    return config
