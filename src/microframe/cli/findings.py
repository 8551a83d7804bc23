"""Findings: what `microframe check` has found, as text, as JSON and as SARIF 2.1.0."""

import json
from pathlib import Path, PurePath
from typing import Any, Callable, Dict, List, Mapping, Sequence
from urllib.parse import quote

from microframe import __version__
from microframe.cli.failure import shown_path
from microframe.plugin import Finding

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def format_text(findings: Sequence[Finding]) -> str:
    """One line each, as compilers write them: `app.py:12: error: … [code]`."""
    return "\n".join(f"{place_of(one)}{one.severity}: {one.message} [{one.code}]" for one in findings)


def place_of(finding: Finding) -> str:
    if not finding.file:
        return ""
    file = shown_path(finding.file)
    return f"{file}:{finding.line}: " if finding.line else f"{file}: "


def format_json(findings: Sequence[Finding]) -> str:
    """A list of objects with `code`, `message`, `file`, `line` and `severity`; `file` and `line` may be null."""
    return json.dumps([record_of(one) for one in findings], indent=2, ensure_ascii=False)


def record_of(finding: Finding) -> Dict[str, Any]:
    return {
        "code": finding.code,
        "message": finding.message,
        "file": shown_path(finding.file) if finding.file else None,
        "line": finding.line or None,
        "severity": finding.severity,
    }


def format_sarif(findings: Sequence[Finding]) -> str:
    """What code scanners read; files are relative to the working directory where they are below it."""
    rules = [{"id": code} for code in sorted({one.code for one in findings})]
    driver = {"name": "microframe", "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "results": [result_of(one) for one in findings]}
    return json.dumps({"$schema": SARIF, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def result_of(finding: Finding) -> Dict[str, Any]:
    result: Dict[str, Any] = {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": finding.message},
    }
    if finding.file:
        result["locations"] = [{"physicalLocation": physical_location(finding)}]
    return result


def physical_location(finding: Finding) -> Dict[str, Any]:
    shown = shown_path(finding.file)
    uri = Path(shown).as_uri() if PurePath(shown).is_absolute() else quote(PurePath(shown).as_posix())
    location: Dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if finding.line:
        location["region"] = {"startLine": finding.line}
    return location


FORMATS: Mapping[str, Callable[[List[Finding]], str]] = {
    "text": format_text,
    "json": format_json,
    "sarif": format_sarif,
}
