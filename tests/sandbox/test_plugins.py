"""Which plugins the engine gets."""

import re
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from sandbox import builds, engine, plugins, tools
from sandbox.console import SandboxError
from sandbox.paths import Home
from sandbox.plugins import Choice, Plugin
from tests.sandbox.sandbox_command import sandbox

PULUMI = Path("/nowhere/pulumi")
GO = builds.toolchain()[0]


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No plugin is installed, and Pulumi cannot download any."""
    monkeypatch.setenv("LINKERD_WORKSHOP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi-home"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "go").symlink_to(GO)


def pulumi_that_fails(folder: Path) -> Path:
    """A CLI that counts its calls and downloads nothing."""
    path = folder / "pulumi"
    path.write_text(f'#!/bin/sh\necho "$@" >> "{folder}/calls"\necho error: no network >&2\nexit 1\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def put_plugin(folder: Path, package: str) -> Path:
    """What looks like a published plugin."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"pulumi-resource-{package}"
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def built() -> dict[str, Path]:
    """Lay plugins into the cache as if they had been built."""
    wanted = {each: tools.build_of(tools.TOOLS[f"pulumi-resource-{each}"]).path for each in plugins.PACKAGES}
    return {package: put_plugin(path.parent, package) for package, path in wanted.items()}


def test_auto_builds_what_cannot_be_downloaded_and_asks_once_a_day(tmp_path: Path, built: dict[str, Path]) -> None:
    pulumi = pulumi_that_fails(tmp_path)
    for _ in range(2):
        assert [each.executable for each in plugins.select(pulumi, Choice.AUTO)] == list(built.values())
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert calls == [f"plugin install resource {each} v{version(f'pulumi-{each}')}" for each in plugins.PACKAGES]


def test_a_built_plugin_is_described_by_the_day_of_its_module(tmp_path: Path, built: dict[str, Path]) -> None:
    put_plugin(tmp_path / "bin", "tls")  # a published one, which is not taken
    kubernetes, tls, aws = plugins.select(PULUMI, Choice.BUILT, (*plugins.PACKAGES, plugins.AWS))
    assert re.fullmatch(r"kubernetes \d{4}-\d\d-\d\d from its module", str(kubernetes)), "not the SDK's version"
    assert (tls.executable, tls.from_module) == (built["tls"], True)
    assert str(aws) == "aws double of AWS on loopback"


@pytest.mark.parametrize("place", ["PATH", "PULUMI_HOME"])
def test_auto_takes_a_published_plugin_that_is_installed(tmp_path: Path, place: str) -> None:
    name = Plugin("tls", version("pulumi-tls"), None, "").folder_name
    folder = tmp_path / "bin" if place == "PATH" else tmp_path / "pulumi-home" / "plugins" / name
    executable = put_plugin(folder, "tls")
    (selected,) = plugins.select(PULUMI, Choice.AUTO, ["tls"])
    assert (selected.executable, str(selected)) == (executable, f"tls v{version('pulumi-tls')}")


def test_published_never_builds_and_tries_the_download_again(tmp_path: Path) -> None:
    pulumi = pulumi_that_fails(tmp_path)
    for _ in range(2):
        with pytest.raises(SandboxError, match=r"=published.*kubernetes.*no network.*PULUMI_PLUGINS=auto"):
            plugins.select(pulumi, Choice.PUBLISHED)
    assert len((tmp_path / "calls").read_text(encoding="utf-8").splitlines()) == 2, "a remembered failure is no answer"


def test_a_plugin_is_linked_and_its_other_versions_are_removed(tmp_path: Path) -> None:
    executable = put_plugin(tmp_path / "real", "tls")
    old = Plugin("tls", "1.0.0", executable, "v1.0.0")
    engine.lay_out_plugins(tmp_path / "home", [old, Plugin("aws", "7.0.0", None, "double of AWS")])
    linked, script = (tmp_path / "home" / "plugins" / each for each in (
        "resource-tls-v1.0.0/pulumi-resource-tls", "resource-aws-v7.0.0/pulumi-resource-aws",
    ))  # fmt: skip
    assert linked.resolve() == executable
    assert "sandbox.providers.aws" in script.read_text(encoding="utf-8")
    engine.lay_out_plugins(tmp_path / "home", [replace(old, version="2.0.0")])
    assert not linked.exists(), "the engine must not choose a plugin of another version"


def test_an_engine_that_has_a_language_host_uses_it_unless_built_parts_are_chosen(tmp_path: Path) -> None:
    pulumi = pulumi_that_fails(tmp_path)
    chosen, real = engine.lay_out_language_host(tmp_path / "engine", pulumi, Choice.AUTO)
    assert not real
    assert chosen.read_bytes() == pulumi.read_bytes()
    assert (chosen.parent / engine.LANGUAGE_HOST).is_file(), "the engine looks beside itself and does not warn"

    (tmp_path / engine.LANGUAGE_HOST).touch()
    for choice in (Choice.PUBLISHED, Choice.AUTO):
        assert engine.lay_out_language_host(tmp_path / "engine", pulumi, choice) == (pulumi, True)
    assert not engine.lay_out_language_host(tmp_path / "engine", pulumi, Choice.BUILT)[1]


def test_a_wrong_choice_starts_nothing(tmp_path: Path, own_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: any\nruntime: python\n", encoding="utf-8")
    stack = f"config:\n  any:kubeconfig: {own_home.kubeconfig}\n"
    (tmp_path / "Pulumi.local.yaml").write_text(stack, encoding="utf-8")
    monkeypatch.undo()
    arguments = ("pulumi", "--stack", "local", "--project", str(tmp_path), "--", "preview")
    refused = sandbox(own_home.folder, *arguments, PULUMI_PLUGINS="fake")
    assert refused.returncode == 1
    assert "auto, published or built" in refused.stderr
    assert not own_home.kubeconfig.exists(), "no control plane was started for it"


def test_the_engine_can_write_no_logs_and_older_ones_are_deleted(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "old.log").write_text("all that it knew", encoding="utf-8")
    engine.keep_no_logs(tmp_path)
    engine.keep_no_logs(tmp_path)  # before every run
    assert (tmp_path / "logs").read_bytes() == b""
