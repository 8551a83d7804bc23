"""Build hook: puts the front-end files of the documentation pages into wheels and source distributions."""

import os
import shutil
import sys
from typing import Any, Dict

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsHook(BuildHookInterface):
    """Fetches them from npm. Without npm it says so in one line, and pages load them from a CDN; a release, which
    is built with `MICROFRAME_RELEASE=1`, must have them."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: Dict[str, Any]) -> None:
        sys.path.insert(0, self.root)
        try:
            from scripts.assets import Unfetched, fetch_all, load_table
        finally:
            sys.path.pop(0)
        try:
            fetch_all(load_table(), shutil.which("npm"))
        except Unfetched as exc:
            if os.environ.get("MICROFRAME_RELEASE") == "1":
                raise SystemExit(
                    f"microframe: a release needs the files of the documentation pages: {exc}"
                ) from exc
            self.app.display_warning(f"microframe: the documentation pages will load from a CDN: {exc}")
