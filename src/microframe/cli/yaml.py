"""YAML: a document as YAML, in its own order, and back."""

from typing import Any

from microframe.extras import requires_extra

with requires_extra("settings"):
    import yaml


def format_yaml(document: Any, indent: int) -> str:
    """Plain data as YAML; text that could be taken for something else is quoted."""
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, indent=indent, width=110)
    return text


def parse_yaml(text: str) -> Any:
    """The data in a text.

    Raises:
        ValueError: it is not YAML, or more than its safe part.
    """
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as exc:
        raise ValueError(str(exc)) from exc
