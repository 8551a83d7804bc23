"""YAML: a document as YAML, in its own order, and back."""

from typing import Any

from microframe.configurations.yaml import parse_yaml
from microframe.extras import requires_extra

with requires_extra("settings"):
    import yaml

__all__ = ["format_yaml", "parse_yaml"]


def format_yaml(document: Any, indent: int) -> str:
    """Plain data as YAML; text that could be taken for something else is quoted."""
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, indent=indent, width=110)
    return text
