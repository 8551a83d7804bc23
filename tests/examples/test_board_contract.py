"""The team board keeps what its API document says: schemathesis makes requests of it and compares the answers."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.board.app import NEW, OLD, app
from microframe.store import Limits, Verdict
from tests.wire import served

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"]
OPTIONS = [
    "--generation-deterministic",
    "--max-examples=3",
    "--request-timeout=60",
    "--continue-on-failure",
    "--warnings=off",
    "--no-color",
    "--exclude-path-regex=/activity$",  # a stream that has no end
]


class Unlimited:
    """Lets everything pass: a contract is asked about in many requests, and 429 would be the answer to most."""

    async def hit(self, key: str, *, limit: int, **what: object) -> Verdict:
        return Verdict(True, limit, limit, 0.0, 0.0)


@pytest.fixture
def unlimited() -> Iterator[None]:
    app.dependency_overrides[Limits] = Unlimited
    yield
    del app.dependency_overrides[Limits]


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("version", [OLD, NEW])
def test_every_answer_is_one_that_the_document_of_its_version_describes(version: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("schemathesis") is None:
        pytest.skip("schemathesis is not installed here: THE CONTRACT WAS NOT TESTED")
    with served(app) as server:
        url = f"http://127.0.0.1:{server.port}/openapi.json?version={version}"
        done = subprocess.run(
            [*RUN, url, "--header", f"API-Version:{version}", *OPTIONS],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
                "SCHEMATHESIS_HOOKS": "tests.examples.contract_hooks",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=280,
            check=False,
        )
    if done.returncode != 0:
        pytest.fail(done.stdout, pytrace=False)
    operations = re.search(r"(\d+) selected / (\d+) total", done.stdout)
    assert operations is not None, done.stdout
    selected, total = map(int, operations.groups())
    assert selected == total - 1 >= 18
