"""Files: the formats, what is refused about them, and which file is found where nobody named one."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from microframe.configurations.files import LARGEST_FILE, find_config_file, read_config_file, read_text
from microframe.exceptions import SetupError

SAME = {
    "title": "Board",
    "port": 9000,
    "allowed_hosts": ["a.test"],
    "plugins": {"cache": {"ttl": 30, "on": True}},
}
TOML = 'title = "Board"\nport = 9000\nallowed_hosts = ["a.test"]\n\n[plugins.cache]\nttl = 30\non = true\n'
JSON = '{"title":"Board","port":9000,"allowed_hosts":["a.test"],"plugins":{"cache":{"ttl":30,"on":true}}}'
YAML = 'title: Board\nport: 9000\nallowed_hosts: [a.test]\nplugins:\n  cache:\n    ttl: 30\n    "on": true\n'
PROJECT = '[project]\nname = "x"\n\n[tool.microframe]\n' + TOML.replace(
    "[plugins", "[tool.microframe.plugins"
)


def written(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def refusal(file: Path) -> str:
    with pytest.raises(SetupError) as caught:
        read_config_file(file)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(file.parent) + os.sep, "")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", TOML),
        ("a.json", JSON),
        ("a.yaml", YAML),
        ("a.yml", YAML),
        ("a.TOML", TOML),
        ("a.toml", "\ufeff" + TOML),
        ("a.toml", TOML.replace("\n", "\r\n")),
        ("pyproject.toml", PROJECT),
    ],
)
def test_every_format_says_the_same(tmp_path: Path, name: str, content: str) -> None:
    prefix, data = read_config_file(written(tmp_path, name, content))
    assert data == SAME
    assert prefix == ("tool.microframe." if name == "pyproject.toml" else "")


@pytest.mark.parametrize(
    ("name", "content"), [("a.toml", ""), ("a.yaml", ""), ("a.yaml", "# a\n"), ("a.json", "{}")]
)
def test_an_empty_file_sets_nothing(tmp_path: Path, name: str, content: str) -> None:
    assert read_config_file(written(tmp_path, name, content)) == ("", {})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.toml", 'port = 1\nsecret_key = "hunter2', "a.toml:2: not valid TOML"),
        ("a.toml", "port = 1\nhunter2\n", "a.toml:2: not valid TOML"),
        ("a.toml", "hunter2 = 1\nhunter2 = 2\n", "a.toml:2: not valid TOML"),
        ("a.toml", "port = " + "9" * 5000, "a.toml: not valid TOML"),
        ("a.toml", "a = " + "[" * 100_000, "a.toml: too deeply nested"),
        ("a.json", '{"secret_key":\n hunter2}', "a.json:2: not valid JSON"),
        ("a.json", '{"hunter2": 1, "hunter2": 2}', "a.json: not valid JSON"),
        ("a.json", '{"port": NaN}', "a.json: not valid JSON"),
        ("a.json", "", "a.json:1: not valid JSON"),
        ("a.json", "[" * 100_000, "a.json: too deeply nested"),
        ("a.json", '["hunter2"]', "a.json: expected a table of settings"),
        ("a.yaml", "title: x\nsecret_key: [hunter2\n", "a.yaml:3: not valid YAML"),
        ("a.yaml", "title: x\nsecret_key: 'hunter2\n", "a.yaml:3: not valid YAML"),
        ("a.yaml", "title: x\nport: 1\ntitle: hunter2\n", "a.yaml:3: not valid YAML"),
        ("a.yaml", "title: !!python/object/apply:os.system [hunter2]\n", "a.yaml:1: not valid YAML"),
        ("a.yaml", "title: !!map [hunter2]\n", "a.yaml:1: not valid YAML"),
        ("a.yaml", "title: *hunter2\n", "a.yaml:1: not valid YAML"),
        ("a.yaml", "title: x\x07hunter2\n", "a.yaml: not valid YAML"),
        ("a.yaml", "a: 1\n---\nb: hunter2\n", "a.yaml:2: not valid YAML"),
        ("a.yaml", "? [hunter2]\n: 1\n", "a.yaml:1: not valid YAML"),
        ("a.yaml", "a: " + "[" * 500, "a.yaml: too deeply nested"),
        ("a.yaml", "- hunter2\n", "a.yaml: expected a table of settings"),
        ("a.yaml", "hunter2\n", "a.yaml: expected a table of settings"),
        ("pyproject.toml", "[tool.other]\n", "pyproject.toml: it has no table [tool.microframe]"),
        ("pyproject.toml", "tool = 1\n", "pyproject.toml: it has no table [tool.microframe]"),
        (
            "pyproject.toml",
            "[tool]\nmicroframe = 'hunter2'\n",
            "pyproject.toml: expected a table of settings",
        ),
        ("a.ini", "hunter2", "a.ini: a configuration file ends in .toml, .json, .yaml or .yml"),
        ("a", "hunter2", "a: a configuration file ends in .toml, .json, .yaml or .yml"),
        ("a.toml", b"title = '\xffhunter2'", "a.toml: not UTF-8"),
        ("a.toml", "# hunter2\n" * 200_000, f"a.toml: larger than {LARGEST_FILE} bytes"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_quoted(
    tmp_path: Path, name: str, content: Any, message: str
) -> None:
    assert refusal(written(tmp_path, name, content)) == message


def test_a_missing_file_a_folder_and_a_forbidden_one_are_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a.toml") == "a.toml: No such file or directory"
    (tmp_path / "b.toml").mkdir()
    assert refusal(tmp_path / "b.toml").startswith("b.toml: ")
    if hasattr(os, "geteuid") and os.geteuid():
        file = written(tmp_path, "c.toml", TOML)
        file.chmod(0)
        assert refusal(file) == "c.toml: Permission denied"


def test_an_alias_bomb_in_yaml_costs_nothing(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    _, data = read_config_file(written(tmp_path, "a.yaml", "\n".join(lines)))
    assert len(data) == 30


def test_merged_yaml_tables_may_be_overridden(tmp_path: Path) -> None:
    text = "plugins:\n  a: &a {ttl: 1, size: 2}\n  b:\n    <<: *a\n    ttl: 3\n"
    _, data = read_config_file(written(tmp_path, "a.yaml", text))
    assert data["plugins"] == {"a": {"ttl": 1, "size": 2}, "b": {"ttl": 3, "size": 2}}


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    assert len(read_text(written(tmp_path, "a", "x" * LARGEST_FILE))) == LARGEST_FILE


# Finding ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["microframe.toml", "microframe.json", "microframe.yaml", "microframe.yml"])
def test_a_file_with_our_name_is_found(tmp_path: Path, name: str) -> None:
    written(tmp_path, "pyproject.toml", PROJECT)
    file = written(tmp_path, name, "")
    assert find_config_file(tmp_path) == file


def test_two_files_with_our_name_are_one_too_many(tmp_path: Path) -> None:
    written(tmp_path, "microframe.toml", "")
    written(tmp_path, "microframe.yml", "")
    with pytest.raises(SetupError, match=r"^microframe.toml and microframe.yml: keep one of them$"):
        find_config_file(tmp_path)


def test_nothing_is_found_in_an_empty_folder(tmp_path: Path) -> None:
    assert find_config_file(tmp_path) is None


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (PROJECT, True),
        ("[ tool . microframe ]\n", True),
        ('[tool."microframe"]\n', True),
        ("[tool.microframe.plugins.cache]\nttl = 1\n", True),
        ("[project]\ndependencies = ['microframe-web']\n", False),
        ("[tool.microframe-web]\n", False),
        ("[tool.microframework]\n", False),
        ("# [tool.microframe]\n", False),
        ("not even = toml = at all\n", False),
    ],
)
def test_a_pyproject_counts_when_it_has_a_table_for_us(tmp_path: Path, content: str, found: bool) -> None:
    file = written(tmp_path, "pyproject.toml", content)
    assert find_config_file(tmp_path) == (file if found else None)


def test_yaml_without_its_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    monkeypatch.delitem(sys.modules, "microframe.configurations.yaml", raising=False)
    with pytest.raises(SetupError, match=r"yaml is not installed: pip install .*\[settings\]"):
        read_config_file(written(tmp_path, "a.yaml", YAML))
