"""TOML: read with the standard library, or with tomli before Python 3.11."""

import sys
from typing import Dict

from microframe.extras import requires_extra

with requires_extra("settings"):
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib


def parse_toml(text: str) -> Dict[str, object]:
    """The document's table.

    Raises:
        ValueError: it is not TOML.
    """
    return tomllib.loads(text)
