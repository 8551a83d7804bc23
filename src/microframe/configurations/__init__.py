"""Configurations: AppConfig, and where settings come from: environment, `.env`, TOML, JSON, YAML, secrets."""

from microframe.configurations.config import AppConfig, ConfigOptions
from microframe.configurations.keys import development_secret, require_secret
from microframe.configurations.load import load_config
from microframe.configurations.options import read_section, refuse_unknown_sections
from microframe.configurations.secret import Secret
from microframe.configurations.sections import Sections, Setting

__all__ = [
    "AppConfig",
    "ConfigOptions",
    "Secret",
    "Sections",
    "Setting",
    "development_secret",
    "load_config",
    "read_section",
    "refuse_unknown_sections",
    "require_secret",
]
