"""The front-end files of the pages: where they come from, and what they must be."""

import re
from pathlib import Path

import pytest

from microframe.openapi import assets
from microframe.openapi.assets import PACKAGES, SCALAR, SWAGGER_UI
from scripts.assets import Unfetched, fetch_all, load_table, missing_packages
from tests.openapi.npm import CODE, calls_of, make_npm, make_table

ARCHIVE = {"dist/made.js": CODE, "LICENSE": b"MIT", "dist/other.js": b"not wanted"}


def test_a_name_says_which_content_it_is() -> None:
    bundle, styles, _ = SWAGGER_UI.assets
    assert re.fullmatch(r"swagger-ui-bundle\.[0-9a-f]{12}\.js", bundle.name)
    assert re.fullmatch(r"swagger-ui\.[0-9a-f]{12}\.css", styles.name)
    other = bundle._replace(sha384="AAAA" + bundle.sha384[4:])
    assert other.name != bundle.name


def test_the_names_of_all_files_differ() -> None:
    names = [asset.name for package in PACKAGES for asset in package.assets]
    assert len(set(names)) == len(names)


def test_a_file_of_the_cdn_is_pinned_to_its_version() -> None:
    assert SCALAR.assets[0].cdn_url == (
        "https://cdn.jsdelivr.net/npm/@scalar/api-reference@1.72.1/dist/browser/standalone.js"
    )


def test_a_file_is_found_once_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    asset = SCALAR.assets[0]
    assert asset.find() is None
    file = tmp_path / "scalar-api-reference-1.72.1" / "standalone.js"
    file.parent.mkdir()
    file.write_text("")
    assert asset.find() == file


def test_the_table_is_read_where_microframe_cannot_be_imported() -> None:
    assert load_table().PACKAGES == PACKAGES


# Fetching ------------------------------------------------------------------------------------------------------------


def test_a_package_is_fetched_once_with_what_it_may_be_used_under(tmp_path: Path) -> None:
    npm = make_npm(tmp_path, {"made-up-1.2.3": ARCHIVE})
    table = make_table(tmp_path / "assets")
    assert fetch_all(table, str(npm)) == 1
    folder = tmp_path / "assets" / "made-up-1.2.3"
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {"made.js": CODE, "LICENSE": b"MIT"}
    assert calls_of(npm)[0].startswith("pack @made/up@1.2.3 ")
    assert (fetch_all(table, str(npm)), fetch_all(table, None), len(calls_of(npm))) == (0, 0, 1)


def test_a_file_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    npm = make_npm(tmp_path, {"made-up-1.2.3": {**ARCHIVE, "dist/made.js": CODE + b"steal();"}})
    with pytest.raises(Unfetched, match=r"made-up-1\.2\.3: dist/made\.js has the hash .*, not "):
        fetch_all(make_table(tmp_path / "assets"), str(npm))
    assert not (tmp_path / "assets").exists()


def test_a_file_that_was_changed_is_fetched_again(tmp_path: Path) -> None:
    npm = make_npm(tmp_path, {"made-up-1.2.3": ARCHIVE})
    table = make_table(tmp_path / "assets")
    fetch_all(table, str(npm))
    file = tmp_path / "assets" / "made-up-1.2.3" / "made.js"
    file.write_text("something else")
    assert missing_packages(table) == list(table.PACKAGES)
    assert fetch_all(table, str(npm)) == 1
    assert file.read_bytes() == CODE


def test_what_is_left_of_another_version_is_removed(tmp_path: Path) -> None:
    npm = make_npm(tmp_path, {"made-up-1.2.3": ARCHIVE})
    (tmp_path / "assets" / "made-up-1.2.2").mkdir(parents=True)
    fetch_all(make_table(tmp_path / "assets"), str(npm))
    assert [folder.name for folder in (tmp_path / "assets").iterdir()] == ["made-up-1.2.3"]


@pytest.mark.parametrize(
    ("archives", "said"),
    [
        ({}, "npm pack @made/up@1.2.3: npm error 404 there is no @made/up@1.2.3"),
        ({"made-up-1.2.3": {"LICENSE": b""}}, "made-up-1.2.3 has no dist/made.js"),
    ],
    ids=["unknown", "incomplete"],
)
def test_what_npm_cannot_give_is_told(
    tmp_path: Path, archives: "dict[str, dict[str, bytes]]", said: str
) -> None:
    with pytest.raises(Unfetched) as raised:
        fetch_all(make_table(tmp_path / "assets"), str(make_npm(tmp_path, archives)))
    assert str(raised.value) == said


def test_without_npm_nothing_is_fetched(tmp_path: Path) -> None:
    table = make_table(tmp_path)
    with pytest.raises(Unfetched, match="npm is not there"):
        fetch_all(table, None)
    with pytest.raises(Unfetched, match=r"npm pack @made/up@1\.2\.3: "):
        fetch_all(table, str(tmp_path / "nowhere"))
