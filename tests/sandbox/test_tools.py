"""Tools: from PATH where they fit, else built once from pinned modules."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from sandbox import builds, paths, rollouts, tools
from sandbox.builds import Build, run_builds
from sandbox.console import SandboxError

PROGRAM = 'package main\n\nvar version = "unset"\n\nfunc main() { print(version) }\n'


def script(folder: Path, name: str, prints: str) -> Path:
    """A program that tells a version."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def small_build(folder: Path, program: str = PROGRAM) -> Build:
    """A module without dependencies that takes a second to build."""
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/small\n\ngo 1.26.0\n", encoding="utf-8")
    (folder / "go.sum").touch()
    (folder / "main.go").write_text(program, encoding="utf-8")
    return Build(folder, "small", ".", "-s -w -X main.version=v1.2.3")


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("LINKERD_WORKSHOP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize(
    ("name", "prints"),
    [
        ("etcd", "etcd Version: 3.6.4"),
        ("kube-apiserver", "Kubernetes v1.36.0"),
        ("kwok", "kwok version v0.8.1 go1.26.0 (linux/amd64)"),
        ("helm", "v3.18.0+gcc58e3f"),
        ("pulumi", "v3.250.0"),
        ("rollouts-controller", "v1.9.3+d8ad5d1"),
    ],
)
def test_a_fitting_tool_on_path_is_preferred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, prints: str
) -> None:
    fitting = script(tmp_path / "bin", name, prints)
    monkeypatch.setenv("PATH", str(fitting.parent), prepend=os.pathsep)
    assert tools.find([name]) == {name: fitting}, "nothing is built for it"


@pytest.mark.parametrize(
    ("name", "prints"),
    [
        ("etcd", "etcd Version: 3.4.30"),
        ("kube-apiserver", "Kubernetes v1.35.4"),
        ("kube-apiserver", "Kubernetes v1.37.0"),
        ("helm", "v4.0.1+g12500dd"),
        ("pulumi", "v3.249.9"),
        ("kwok", "no version at all"),
        ("rollouts-controller", "v1.10.2+c8a2ba2"),
        ("gatewayapi-plugin", "v0.15.0"),
        ("pulumi-resource-tls", "v5.3.0"),
    ],
)
def test_a_tool_of_another_version_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, prints: str
) -> None:
    monkeypatch.setenv("PATH", str(script(tmp_path / "bin", name, prints).parent), prepend=os.pathsep)
    assert tools.on_path(tools.TOOLS[name]) is None, f"{prints!r} does not fit"


@pytest.mark.parametrize("changed", ["main.go", "go.sum"])
def test_a_changed_source_or_pin_gives_another_build(own_cache: Path, tmp_path: Path, changed: str) -> None:
    build = small_build(tmp_path / "module")
    before = build.path
    (build.source / changed).write_text("changed\n", encoding="utf-8")

    assert build.path != before, "or a corrected double would never be used"
    assert before.is_relative_to(own_cache)


def test_the_api_server_reports_the_version_of_its_module() -> None:
    flags = tools.build_of(tools.TOOLS["kube-apiserver"]).link_flags
    version = builds.pinned_version(paths.TOOL_MODULES / "control-plane", "k8s.io/kubernetes")
    assert f"gitVersion={version}" in flags, "charts with a kubeVersion refuse v0.0.0-master"
    assert f"gitMinor={version.split('.')[1]}" in flags


@pytest.mark.sandbox
def test_two_runs_at_once_build_only_once(own_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = small_build(tmp_path / "small")
    runs = [threading.Thread(target=run_builds, args=([build],)) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    said = capsys.readouterr().err
    assert said.count("built small in") == 1, said
    done = subprocess.run([build.path], capture_output=True, text=True, check=True)
    assert done.stderr == "v1.2.3", "the version is linked in"
    assert [path.name for path in (own_cache / "tools").glob(".small-*")] == [], "no scratch folder stays"


@pytest.mark.sandbox
def test_a_build_that_fails_gives_one_sentence_with_its_log(own_cache: Path, tmp_path: Path) -> None:
    build = small_build(tmp_path / "small", program="package main\n\nfunc main() { broken }\n")
    with pytest.raises(SandboxError, match=r"building small failed: .*undefined: broken") as failure:
        run_builds([build])
    assert str(build.log) in str(failure.value)
    assert "undefined: broken" in build.log.read_text(encoding="utf-8"), "the compiler's own words"
    assert not build.path.exists(), "a half-done build is not taken for a tool"
    assert own_cache.exists()


def test_a_missing_module_gives_one_sentence(own_cache: Path, tmp_path: Path) -> None:
    source = 'package main\n\nimport _ "example.invalid/nothing"\n\nfunc main() {}\n'
    with pytest.raises(SandboxError, match=r"building small failed.*example\.invalid/nothing"):
        run_builds([small_build(tmp_path / "small", program=source)])
    assert own_cache.exists()


@pytest.mark.parametrize("go", [None, "go1.25.3"])
def test_without_a_fitting_go_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, go: str | None
) -> None:
    (tmp_path / "bin").mkdir()
    if go is not None:
        script(tmp_path / "bin", "go", go)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    builds.toolchain.cache_clear()
    try:
        with pytest.raises(SandboxError, match=r"install Go 1\.26 or newer"):
            builds.toolchain()
    finally:
        builds.toolchain.cache_clear()


def test_the_plugin_of_rollouts_is_the_double_unless_a_file_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found, real = {tools.PLUGIN_DOUBLE: Path("/built/gatewayapi-plugin")}, tmp_path / "real"
    monkeypatch.delenv("GATEWAYAPI_PLUGIN", raising=False)
    assert rollouts.plugin(found) == found[tools.PLUGIN_DOUBLE]

    monkeypatch.setenv("GATEWAYAPI_PLUGIN", str(real))
    with pytest.raises(SandboxError, match=f"GATEWAYAPI_PLUGIN names {real}, which is no file"):
        rollouts.plugin(found)
    real.touch()
    assert rollouts.plugin(found) == real


def test_without_a_sandbox_the_controller_of_rollouts_reports_the_way_to_one(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="make sandbox"):
        rollouts.up(paths.Home(tmp_path))
