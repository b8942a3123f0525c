"""Which plugins the engine gets."""

import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from sandbox import engine, plugins
from sandbox.failure import SandboxError
from sandbox.paths import Home
from sandbox.plugins import Choice, Plugin
from tests.sandbox.sandbox_command import sandbox

PULUMI = Path("/nowhere/pulumi")


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No plugin is installed, and Pulumi cannot download any."""
    monkeypatch.setenv("LINKERD_WORKSHOP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi-home"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()


def pulumi_that_fails(folder: Path) -> Path:
    """A CLI that counts its calls and downloads nothing."""
    path = folder / "pulumi"
    path.write_text(f'#!/bin/sh\necho "$@" >> "{folder}/calls"\necho error: no network >&2\nexit 1\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def put_plugin(folder: Path, package: str) -> Path:
    """What looks like a real plugin."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"pulumi-resource-{package}"
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_wrong_choice_names_the_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_PLUGINS", "fake")
    with pytest.raises(SandboxError, match=r"'fake'.*auto, real or stand-in"):
        plugins.choice()


@pytest.mark.parametrize(
    ("value", "expected"), [("", Choice.AUTO), ("real", Choice.REAL), ("stand-in", Choice.STAND_IN)]
)
def test_the_choice_is_read_and_auto_by_default(monkeypatch: pytest.MonkeyPatch, value: str, expected: Choice) -> None:
    monkeypatch.setenv("PULUMI_PLUGINS", value)
    assert plugins.choice() is expected


def test_auto_takes_stand_ins_where_nothing_can_be_downloaded_and_asks_once_a_day(tmp_path: Path) -> None:
    pulumi = pulumi_that_fails(tmp_path)
    assert [str(each) for each in plugins.select(pulumi, Choice.AUTO)] == ["kubernetes stand-in", "tls stand-in"]
    plugins.select(pulumi, Choice.AUTO)
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert calls == [f"plugin install resource {each} v{version(f'pulumi-{each}')}" for each in plugins.PACKAGES]


@pytest.mark.parametrize("place", ["PATH", "PULUMI_HOME"])
def test_auto_takes_a_real_plugin_that_is_installed(tmp_path: Path, place: str) -> None:
    name = Plugin("tls", version("pulumi-tls"), None).folder_name
    folder = tmp_path / "bin" if place == "PATH" else tmp_path / "pulumi-home" / "plugins" / name
    executable = put_plugin(folder, "tls")
    assert plugins.select_one(PULUMI, "tls", Choice.AUTO).executable == executable


def test_stand_in_ignores_a_real_plugin(tmp_path: Path) -> None:
    put_plugin(tmp_path / "bin", "tls")
    assert plugins.select_one(PULUMI, "tls", Choice.STAND_IN).executable is None


def test_real_never_falls_back_and_tries_the_download_again(tmp_path: Path) -> None:
    pulumi = pulumi_that_fails(tmp_path)
    for _ in range(2):
        with pytest.raises(SandboxError, match=r"PULUMI_PLUGINS=real.*kubernetes.*no network.*PULUMI_PLUGINS=auto"):
            plugins.select(pulumi, Choice.REAL)
    assert len((tmp_path / "calls").read_text(encoding="utf-8").splitlines()) == 2, "a remembered failure is no answer"


def test_a_real_plugin_is_linked_and_a_stand_in_that_it_replaces_is_gone(tmp_path: Path) -> None:
    stand_in = Plugin("tls", "1.0.0", None)
    engine.lay_out_plugins(tmp_path / "home", [stand_in])
    script = tmp_path / "home" / "plugins" / stand_in.folder_name / stand_in.file_name
    assert "sandbox.providers.tls" in script.read_text(encoding="utf-8")
    real = put_plugin(tmp_path / "real", "tls")
    engine.lay_out_plugins(tmp_path / "home", [Plugin("tls", "1.0.0", real)])
    assert script.resolve() == real
    engine.lay_out_plugins(tmp_path / "home", [Plugin("tls", "2.0.0", real)])
    assert not script.exists(), "the engine must not choose a plugin of another version"


def test_an_engine_that_has_a_language_host_uses_it_unless_stand_ins_are_chosen(tmp_path: Path) -> None:
    pulumi = pulumi_that_fails(tmp_path)
    (tmp_path / engine.LANGUAGE_HOST).touch()
    for chosen in (Choice.REAL, Choice.AUTO):
        assert engine.lay_out_language_host(tmp_path / "engine", pulumi, chosen) == (pulumi, True)
    _, real = engine.lay_out_language_host(tmp_path / "engine", pulumi, Choice.STAND_IN)
    assert not real


def test_ours_lies_beside_a_copy_of_the_engine_where_it_has_none(tmp_path: Path) -> None:
    pulumi = pulumi_that_fails(tmp_path)
    chosen, real = engine.lay_out_language_host(tmp_path / "engine", pulumi, Choice.AUTO)
    assert not real
    assert chosen.read_bytes() == pulumi.read_bytes()
    assert (chosen.parent / engine.LANGUAGE_HOST).is_file(), "the engine looks beside itself and does not warn"
    assert subprocess.run([chosen], capture_output=True, check=False).returncode == 1


def test_a_wrong_choice_starts_nothing(tmp_path: Path, own_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: any\nruntime: python\n", encoding="utf-8")
    stack = f"config:\n  any:kubeconfig: {own_home.kubeconfig}\n"
    (tmp_path / "Pulumi.local.yaml").write_text(stack, encoding="utf-8")
    monkeypatch.undo()
    arguments = ("pulumi", "--stack", "local", "--project", str(tmp_path), "--", "preview")
    refused = sandbox(own_home.folder, *arguments, PULUMI_PLUGINS="fake")
    assert refused.returncode == 1
    assert "auto, real or stand-in" in refused.stderr
    assert not own_home.kubeconfig.exists(), "no control plane was started for it"


def test_the_engine_has_no_place_for_logs_of_its_own_and_those_from_before_go(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "old.log").write_text("all that it knew", encoding="utf-8")
    engine.keep_no_logs(tmp_path)
    engine.keep_no_logs(tmp_path)  # before every run
    assert (tmp_path / "logs").read_bytes() == b""
