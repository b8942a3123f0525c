"""The Argo Rollouts controller beside the sandbox: which plugin it is given, and how it is started."""

from pathlib import Path

import pytest

from sandbox import paths, rollouts
from sandbox.console import SandboxError
from sandbox.tools import PLUGIN_DOUBLE

DOUBLE = {PLUGIN_DOUBLE: Path("/built/gatewayapi-plugin")}


def test_the_plugin_is_the_double_unless_another_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GATEWAYAPI_PLUGIN", raising=False)
    assert rollouts.plugin(DOUBLE) == DOUBLE[PLUGIN_DOUBLE]

    real = tmp_path / "real"
    real.touch()
    monkeypatch.setenv("GATEWAYAPI_PLUGIN", str(real))
    assert rollouts.plugin(DOUBLE) == real


def test_a_plugin_that_is_not_there_is_reported_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAYAPI_PLUGIN", "/nowhere/plugin")

    with pytest.raises(SandboxError, match="GATEWAYAPI_PLUGIN names /nowhere/plugin, which is no file"):
        rollouts.plugin(DOUBLE)


def test_without_a_sandbox_the_way_to_one_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="make sandbox"):
        rollouts.up(paths.Home(tmp_path))


def test_the_controller_reads_the_sandboxs_kubeconfig_and_takes_free_ports(tmp_path: Path) -> None:
    line = rollouts.command(Path("/built/rollouts-controller"), paths.Home(tmp_path))

    assert f"--kubeconfig={tmp_path / 'kubeconfig'}" in line
    assert {"--metricsPort=0", "--healthzPort=0", "--leader-elect=false"} <= set(line)
