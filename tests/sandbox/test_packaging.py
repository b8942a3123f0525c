"""Chart archives: where they come from, and that the same content gives the same bytes."""

import os
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from operations import chart_archive, gateway_api_chart
from sandbox import charts, go_modules, paths, tools
from sandbox.json_values import items, mapping
from sandbox.paths import Home

CHART = {"Chart.yaml": b"apiVersion: v2\nname: small\nversion: 1.0.0\n", "templates/none.yaml": b"", "values.yaml": b""}


def gateway_archive(folder: Path) -> Path:
    return folder / gateway_api_chart.archive_name()


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    one = chart_archive.write(tmp_path / "one", CHART)
    time.sleep(1.1)
    two = chart_archive.write(tmp_path / "two", dict(reversed(CHART.items())))
    assert one.read_bytes() == two.read_bytes(), "no clock and no order gets in"


def test_an_archive_is_written_again_only_when_its_content_changed(tmp_path: Path) -> None:
    path = chart_archive.write(tmp_path, CHART)
    os.utime(path, (1, 1))
    chart_archive.write(tmp_path, CHART)
    assert path.stat().st_mtime == 1, "the file was left alone"
    chart_archive.write(tmp_path, CHART | {"values.yaml": b"a: 1\n"})
    assert path.stat().st_mtime > 1


def test_a_mirror_of_the_user_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHART_MIRROR", "/their/mirror")
    chosen = charts.choose(Home(tmp_path), reachable=lambda: True)
    assert chosen.mirror == "/their/mirror"
    assert "/their/mirror" in chosen.description


def test_repositories_that_answer_come_before_doubles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHART_MIRROR", raising=False)
    assert charts.choose(Home(tmp_path), reachable=lambda: True) == charts.Charts("repositories", None)
    assert gateway_archive(tmp_path / "charts").exists(), "this chart has no repository"


def test_doubles_are_the_last_resort_and_all_of_them_are_packaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHART_MIRROR", raising=False)
    chosen = charts.choose(Home(tmp_path), reachable=lambda: False)
    assert chosen == charts.Charts("doubles", str(tmp_path / "charts"))
    doubles = {path.parent.name for path in paths.CHART_DOUBLES.glob("*/Chart.yaml")}
    packaged = {path.name.rpartition("-")[0] for path in (tmp_path / "charts").glob("*.tgz")}
    assert packaged == doubles | {gateway_api_chart.NAME}


@pytest.mark.sandbox
def test_the_gateway_api_chart_renders_every_definition_of_the_standard_channel_unchanged(tmp_path: Path) -> None:
    charts.package_gateway_api(tmp_path)
    helm = tools.find(["helm"])["helm"]
    command = [helm, "template", "gateway", gateway_archive(tmp_path)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rendered = {mapping(each["metadata"])["name"]: each for each in items([*yaml.safe_load_all(text)])}
    module = go_modules.module_folder(paths.TOOL_MODULES / "gateway-api", charts.GATEWAY_MODULE)
    texts = [path.read_text(encoding="utf-8") for path in (module / "config/crd/standard").glob("*.yaml")]
    sources = [document for text in texts for document in yaml.safe_load_all(text)]
    expected = {
        mapping(each["metadata"])["name"]: each for each in items(sources) if each["kind"] == "CustomResourceDefinition"
    }
    assert "httproutes.gateway.networking.k8s.io" in rendered
    assert rendered == expected, "Helm's template language touched nothing"
