"""SARIF: results with their places, as code scanners read them (SARIF 2.1.0)."""

import json
from pathlib import Path, PurePath
from typing import Any, Dict, NamedTuple, Sequence
from urllib.parse import quote

from microframe import __version__
from microframe.routing.place import shown_path

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class Rule(NamedTuple):
    """What kind of thing a result is, and where more is written about it."""

    name: str
    text: str = ""


class Result(NamedTuple):
    """One thing that is told; of level `none` it is for information alone."""

    rule: str
    level: str
    text: str
    file: str = ""
    line: int = 0


def format_log(rules: Sequence[Rule], results: Sequence[Result]) -> str:
    """A log of one run; files are relative to the working directory where they are below it."""
    driver = {"name": "microframe", "version": __version__, "rules": [record_of_rule(rule) for rule in rules]}
    run = {"tool": {"driver": driver}, "results": [record_of(one) for one in results]}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def record_of_rule(rule: Rule) -> Dict[str, Any]:
    return {"id": rule.name, **({"shortDescription": {"text": rule.text}} if rule.text else {})}


def record_of(result: Result) -> Dict[str, Any]:
    record: Dict[str, Any] = {
        "ruleId": result.rule,
        "level": result.level,
        "message": {"text": result.text},
    }
    if result.level == "none":
        record["kind"] = "informational"  # any other kind would need a level (§3.27.9)
    if result.file:
        record["locations"] = [{"physicalLocation": physical_location(result)}]
    return record


def physical_location(result: Result) -> Dict[str, Any]:
    shown = shown_path(result.file)
    uri = Path(shown).as_uri() if PurePath(shown).is_absolute() else quote(PurePath(shown).as_posix())
    location: Dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if result.line:
        location["region"] = {"startLine": result.line}
    return location
