"""Renovate finds every pin, and writes a new version as the old one is written."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import versions
from tests.program import ROOT

CONFIG: dict[str, Any] = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
PINS = {
    name: value
    for name, value in vars(versions).items()
    if name.isupper() and isinstance(value, str) and re.search(r"(^|:)v?\d+\.\d+", value)
}
"""What is pinned in versions.py: the texts that are a version, or end in one."""


def managers(path: str) -> Iterator[tuple[dict[str, Any], re.Pattern[str]]]:
    """Yield the patterns by which a file is searched, each with its manager."""
    for manager in CONFIG["customManagers"]:
        if any(re.search(pattern.strip("/"), path) for pattern in manager["managerFilePatterns"]):
            for pattern in manager["matchStrings"]:
                yield manager, re.compile(re.sub(r"\(\?<(?=\w)", "(?P<", pattern))


def found(path: str) -> list[tuple[dict[str, Any], re.Match[str]]]:
    """Return every pin that Renovate finds in a file."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return [(manager, match) for manager, pattern in managers(path) for match in pattern.finditer(text)]


def test_every_pin_is_found_exactly_once() -> None:
    matched = [match[0].splitlines()[1].partition(" = ")[0] for _, match in found("versions.py")]

    assert len(PINS) > 10
    assert sorted(matched) == sorted(PINS), "a pin without a marker is never renewed, one with two is renewed twice"


def test_every_marker_leads_to_a_pin() -> None:
    markers = re.findall(r"^# renovate: .*", (ROOT / "versions.py").read_text(encoding="utf-8"), re.MULTILINE)

    assert len(markers) == len(PINS)


def test_what_is_renewed_is_the_version_and_nothing_else() -> None:
    for _, match in found("versions.py"):
        name = match[0].splitlines()[1].partition(" = ")[0]
        assert PINS[name].endswith(match["currentValue"]), name
        assert re.fullmatch(r"v?\d+\.\d+\.\d+[\w.-]*", match["currentValue"]), name


def test_a_version_without_its_tags_v_stays_without_it() -> None:
    for manager, match in found("versions.py"):
        image = ":" in match[0].splitlines()[1]
        assert ("extractVersionTemplate" in manager) is not image, match[0]


def test_a_helm_chart_is_looked_for_in_its_repository() -> None:
    for _, match in found("versions.py"):
        assert (match["datasource"] == "helm") is bool(match["registryUrl"]), match[0]


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.stem)
def test_every_marker_in_a_workflow_is_found(path: Path) -> None:
    markers = path.read_text(encoding="utf-8").count("# renovate:")

    assert len(found(str(path.relative_to(ROOT)))) == markers


def test_each_of_the_other_pins_has_its_manager() -> None:
    assert CONFIG["enabledManagers"] == ["custom.regex", "pip_requirements", "gomod", "github-actions"]
    assert sorted(path.name for path in ROOT.glob("requirements*.txt")) == ["requirements-dev.txt", "requirements.txt"]
    assert len(list((ROOT / "sandbox" / "tools").glob("*/go.mod"))) > 5


def test_the_cli_of_the_workflows_is_that_of_the_sdk() -> None:
    (sdk,) = re.findall(r"^pulumi==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    setup = (ROOT / ".github" / "actions" / "setup" / "action.yml").read_text(encoding="utf-8")

    assert f"pulumi-version: {sdk}\n" in setup
