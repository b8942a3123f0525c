"""Renovate finds every pin, and writes a new version as the old one is written."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

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


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def found(path: str) -> list[tuple[dict[str, Any], re.Match[str]]]:
    """Return every pin that Renovate finds in a file."""
    return [(manager, match) for manager, pattern in managers(path) for match in pattern.finditer(read(path))]


IN_VERSIONS = [
    (match[0].splitlines()[1].partition(" = ")[0], manager, match) for manager, match in found("versions.py")
]


def test_every_pin_has_one_marker_and_every_marker_a_pin() -> None:
    matched = sorted(name for name, _, _ in IN_VERSIONS)

    assert len(PINS) > 10
    assert matched == sorted(PINS), "a pin without a marker is never renewed, one with two is renewed twice"
    assert len(re.findall("^# renovate: ", read("versions.py"), re.MULTILINE)) == len(PINS)
    assert "latest" not in read("versions.py")


@pytest.mark.parametrize(("name", "manager", "match"), IN_VERSIONS, ids=[name for name, _, _ in IN_VERSIONS])
def test_a_pin_is_renewed_in_its_form_and_from_its_source(
    name: str, manager: dict[str, Any], match: re.Match[str]
) -> None:
    assert PINS[name].partition("@")[0].endswith(match["currentValue"])
    assert re.fullmatch(r"v?\d+\.\d+\.\d+[\w.-]*", match["currentValue"]), "the version and nothing else is renewed"
    image = ":" in match[0].splitlines()[1]
    assert ("extractVersionTemplate" in manager) is not image, "a version without the `v` of its tag stays without it"
    assert (match["datasource"] == "helm") is bool(match["registryUrl"]), "a Helm chart is found in its repository"


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.stem)
def test_every_marker_in_a_workflow_is_found(path: Path) -> None:
    markers = path.read_text(encoding="utf-8").count("# renovate:")

    assert len(found(str(path.relative_to(ROOT)))) == markers


LOCK = read("requirements.lock")
HASHED = re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==(\S+)(?: ;.*)? \\\n    --hash=sha256:[0-9a-f]{64}", LOCK, re.MULTILINE)


def test_the_lock_has_every_pin_and_a_hash_for_every_package() -> None:
    locked = re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==(\S+)", LOCK, re.MULTILINE)
    pinned = {
        (re.sub(r"[._]", "-", name).lower(), version)
        for path in ROOT.glob("requirements*.txt")
        for name, version in re.findall(r"^([\w.-]+)(?:\[.*\])?==(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert locked == HASHED, "a package without a hash may be another one tomorrow"
    assert pinned - set(locked) == set(), "renew it with `make lock`"
    assert len(locked) > len(pinned)


def test_renovate_renews_the_lock_by_the_command_that_wrote_it() -> None:
    (pattern,) = CONFIG["pip-compile"]["managerFilePatterns"]
    (command,) = re.findall(r"^#    uv pip compile (.*)$", LOCK, re.MULTILINE)
    options = {word.partition("=")[0] for word in command.split() if word.startswith("-")}
    understood = {"--universal", "--python-version", "--generate-hashes", "--exclude-newer", "--output-file"}

    assert re.search(pattern.strip("/"), "requirements.lock")
    assert options <= understood, "Renovate refuses a lock with another option"
    files = [word for word in command.split() if not word.startswith("-")]
    assert files == ["requirements.txt", "requirements-dev.txt"]
    assert {"pip-compile", "gomod", "github-actions", "custom.regex"} == set(CONFIG["enabledManagers"])


def test_a_release_is_adopted_only_after_three_days_and_by_a_person() -> None:
    assert CONFIG["minimumReleaseAge"] == "3 days"
    assert "--exclude-newer=P3D " in LOCK, "the packages that come with the pinned ones, too"
    assert CONFIG["automerge"] is False
    assert not any(rule.get("automerge") for rule in CONFIG["packageRules"])


def test_only_packages_with_the_right_hash_are_installed() -> None:
    asked = ["make", "--dry-run", "--always-make", ".venv/installed"]
    printed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    installs = [line for line in printed.splitlines() if "pip install" in line]

    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)


def workflow(name: str) -> dict[str, Any]:
    return yaml.safe_load(read(f".github/workflows/{name}.yml"))


def test_the_code_of_a_new_release_gets_no_credential_before_a_review() -> None:
    starts = f"startsWith(github.head_ref, '{CONFIG['branchPrefix']}')"
    sandbox, comment = (workflow(name)["jobs"] for name in ("preview", "preview-comment"))
    with_rights = [workflow("preview")["jobs"]["dev"], workflow("preview-others")["jobs"]["others"]]
    stacks = comment["comment"]["strategy"]["matrix"]["stack"]

    assert all(f" && !{starts} && " in job["if"] for job in with_rights)
    assert f" || {starts} || " in sandbox["sandbox"]["if"]
    assert f"startsWith(github.event.workflow_run.head_branch, '{CONFIG['branchPrefix']}') ||" in stacks


def test_the_workflows_use_the_cli_of_the_sdks_version() -> None:
    (sdk,) = re.findall(r"^pulumi==(\S+)", read("requirements.txt"), re.MULTILINE)

    assert f"pulumi-version: {sdk}\n" in read(".github/actions/setup/action.yml")


def test_a_digest_is_renewed_with_its_version() -> None:
    digests = {name: match["currentDigest"] for name, _, match in IN_VERSIONS if "@" in PINS[name]}

    assert digests == {"KIND_NODE_IMAGE": versions.KIND_NODE_IMAGE.partition("@")[2]}
    assert {"kubernetes-sigs/kind", "kindest/node"} in [
        set(each.get("matchPackageNames", ())) for each in CONFIG["packageRules"]
    ]
