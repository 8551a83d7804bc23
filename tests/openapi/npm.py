"""A stand-in for npm: a program that packs made-up packages, without any network; and a table of such packages."""

import io
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Mapping

from microframe.openapi.assets import Package
from scripts.assets import sha384

PACK = """#!{python}
import shutil, sys
from pathlib import Path

here = Path(__file__).parent
with (here / "calls").open("a") as calls:
    print(*sys.argv[1:], file=calls)
name = sys.argv[2].lstrip("@").replace("/", "-")
archive = here / (name.replace("@", "-") + ".tgz")
if not archive.exists():
    sys.exit("npm error 404 there is no " + sys.argv[2])
shutil.copy(archive, archive.name)
"""

CODE = b"var made_up = 1;\n"


def make_npm(folder: Path, archives: Mapping[str, Mapping[str, bytes]]) -> Path:
    """`npm pack` for these archives, each with its files; `calls` beside it says what it was asked."""
    for name, files in archives.items():
        with tarfile.open(folder / f"{name}.tgz", "w:gz") as tar:
            for path, content in files.items():
                member = tarfile.TarInfo(f"package/{path}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    npm = folder / "npm"
    npm.write_text(PACK.format(python=sys.executable))
    npm.chmod(0o755)
    return npm


def calls_of(npm: Path) -> list[str]:
    calls = npm.with_name("calls")
    return calls.read_text().splitlines() if calls.exists() else []


def make_table(folder: Path) -> Any:
    """What `scripts.assets` needs of the table: one package with a file, and a notice."""
    package = Package("@made/up", "1.2.3", {"dist/made.js": sha384(CODE)}, ("LICENSE",))
    return SimpleNamespace(PACKAGES=(package,), FOLDER=folder)
