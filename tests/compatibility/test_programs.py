"""Programs for FastAPI, whose imports alone are changed, answer the same under MicroFrame."""

import logging
from pathlib import Path

import pytest

from tests.compatibility.asking import PROGRAMS, answers, program, read_ask
from tests.compatibility.comparing import differences
from tests.compatibility.translation import translate


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
async def test_a_program_answers_as_under_fastapi(
    path: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fastapi", reason="FastAPI is not installed here: NOTHING WAS COMPARED")
    caplog.set_level(logging.CRITICAL)
    monkeypatch.chdir(tmp_path)
    text = path.read_text(encoding="utf-8")
    with program(text, path, f"fastapi_{path.stem}") as theirs:
        asks = [read_ask(said) for said in theirs.ASKS]
        expected = await answers(theirs.app, asks)
    with program(translate(text), path, f"microframe_{path.stem}") as ours:
        found = await answers(ours.app, asks)
    assert len(asks) == len(expected) == len(found) > 0
    wrong = differences(asks, expected, found)
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
