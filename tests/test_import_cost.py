"""What `import microframe` loads: nothing that only some programs need, so that a start stays cheap."""

import subprocess
import sys

import pytest

from tests.wire import LIMIT

# What a program may need, and every program would pay for.
SELDOM = [
    "bz2",
    "difflib",
    "email",
    "graphlib",
    "html",
    "http.client",
    "http.cookies",
    "lzma",
    "mimetypes",
    "multipart",
    "msgspec",
    "asyncpg",
    "attrs",
    "click",
    "jinja2",
    "pydantic",
    "pydantic_core",
    "shutil",
    "sqlite3",
    "tempfile",
    "tomllib",
    "urllib.request",
    "uvicorn",
    "watchfiles",
    "wsgiref",
    "yaml",
    "microframe.cli",
    "microframe.middleware.debug_page",
    "microframe.openapi.document",
    "microframe.openapi.documentation",
    "microframe.openapi.ui",
    "microframe.plugins",
    "microframe.stores.postgres",
    "microframe.stores.redis",
    "microframe.stores.sqlite",
    "microframe.testing",
    "microframe.validation.codecs.attrs",
    "microframe.validation.codecs.msgspec",
]
PROGRAM = "import sys; before = set(sys.modules); {}; print(*sorted(set(sys.modules) - before))"


def loaded_by(statement: str) -> "set[str]":
    """The modules that a statement loads in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(statement)],
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT,
    )
    return set(done.stdout.split())


@pytest.fixture(scope="module")
def loaded() -> "set[str]":
    return loaded_by("import microframe")


@pytest.mark.parametrize("name", SELDOM)
def test_what_few_programs_need_is_not_loaded(name: str, loaded: "set[str]") -> None:
    # What the standard library needs itself (other Pythons' asyncio, say) is not ours.
    assert name not in loaded - loaded_by_the_library()


def loaded_by_the_library() -> "set[str]":
    if not LIBRARY:
        LIBRARY.update(loaded_by("import asyncio, dataclasses, inspect, pathlib, typing_extensions"))
    return LIBRARY


LIBRARY: "set[str]" = set()


def test_the_first_program_loads_no_more_than_its_codec() -> None:
    later = loaded_by("import microframe; microframe.Application(debug=False).build()") - loaded_by(
        "import microframe"
    )
    ours = {name for name in later if name.startswith("microframe")}
    assert not {name for name in ours if not name.startswith("microframe.validation")}, ours
