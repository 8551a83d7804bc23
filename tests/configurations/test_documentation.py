"""The documentation's page about configurations says what is so."""

import ast
import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import List

import pytest

from microframe.configurations import AppConfig, Sections, load_config
from microframe.configurations.sources import APP_KEYS

PAGE = Path(__file__).parents[2] / "docs" / "microframe" / "configurations.md"


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def blocks(language: str) -> List[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page(), re.MULTILINE | re.DOTALL)


def test_every_field_is_in_the_table_with_its_default() -> None:
    table = page().partition("## Fields")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| `(.*?)` \|", table, re.MULTILINE))
    defaults = {entry.name: entry.default for entry in fields(AppConfig)}
    assert list(rows) == list(APP_KEYS)
    for name, text in rows.items():
        assert defaults[name] is not MISSING
        assert ast.literal_eval(text) == defaults[name], name


@pytest.mark.parametrize(("language", "name"), [("toml", "microframe.toml"), ("yaml", "microframe.yaml")])
def test_the_configuration_files_are_read_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (text,) = blocks(language)
    Path(name).write_text(text, encoding="utf-8")
    config = load_config(environ={})
    assert (config.title, config.environment, config.allowed_hosts, config.trusted_proxies) == (
        "Team board",
        "production",
        ("board.example.com",),
        ("10.0.0.0/8",),
    )
    assert isinstance(config.sections, Sections)
    assert config.sections.table("cache")["ttl"].value == 30


def test_the_env_file_is_read_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (text,) = blocks("dotenv")
    Path(".env").write_text(text, encoding="utf-8")
    config = load_config(environ={})
    assert (config.environment, config.allowed_hosts, config.title, config.description) == (
        "production",
        ("board.example.com", "www.board.example.com"),
        "as it stands, with a # and a $",
        'several lines,\nand \n, \t, ", \\ and $ are read',
    )
