"""Chart archives: where they come from, and that the same content gives the same bytes."""

import os
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
import yaml

from charts import archive
from model.json_values import mapping, mappings
from sandbox import builds, charts, paths, tools
from sandbox.paths import Home

CHART = {"Chart.yaml": b"apiVersion: v2\nname: small\nversion: 1.0.0\n", "templates/none.yaml": b"", "values.yaml": b""}


def test_an_archive_is_written_again_only_when_its_content_changed(tmp_path: Path) -> None:
    path = archive.write(tmp_path, CHART)
    os.utime(path, (1, 1))
    archive.write(tmp_path, CHART)
    assert path.stat().st_mtime == 1, "the file was left alone"
    archive.write(tmp_path, CHART | {"values.yaml": b"a: 1\n"})
    assert path.stat().st_mtime > 1


@pytest.mark.parametrize(
    ("mirror", "chosen"),
    [
        ("/their/mirror", charts.Charts("mirror /their/mirror", "/their/mirror")),
        ("", charts.Charts("repositories", None)),
    ],
)
def test_a_mirror_of_the_user_comes_before_repositories_and_those_before_doubles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: str, chosen: charts.Charts
) -> None:
    monkeypatch.setenv("CHART_MIRROR", mirror)
    monkeypatch.setattr(charts, "repository_answers", lambda: True)
    assert charts.choose(Home(tmp_path)) == chosen
    assert not (tmp_path / "charts").exists(), "what nobody reads is not made"


def test_doubles_are_the_last_resort_and_all_of_them_are_packaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHART_MIRROR", raising=False)
    monkeypatch.setattr(charts, "repository_answers", lambda: False)
    assert charts.choose(Home(tmp_path)) == charts.Charts("doubles", str(tmp_path / "charts"))
    doubles = {path.parent.name for path in paths.CHART_DOUBLES.glob("*/Chart.yaml")}
    packaged = {path.name.rpartition("-")[0] for path in (tmp_path / "charts").glob("*.tgz")}
    assert packaged == doubles | {each.chart.name for each in charts.DEFINITIONS}


@pytest.mark.sandbox
@pytest.mark.parametrize("published", charts.DEFINITIONS, ids=[each.chart.name for each in charts.DEFINITIONS])
def test_a_chart_of_definitions_renders_every_one_that_is_published_unchanged(
    tmp_path: Path, published: charts.Published
) -> None:
    charts.package_definitions(tmp_path, published)
    helm = tools.find(["helm"])["helm"]
    command = [helm, "template", "definitions", tmp_path / published.chart.archive_name]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rendered = {mapping(each["metadata"])["name"]: each for each in mappings([*loaded(text)])}
    module = builds.module_folder(paths.TOOL_MODULES / published.pins, published.module)
    sources = [*chain.from_iterable(loaded(path.read_text("utf-8")) for path in (module / published.folder).iterdir())]
    expected = {
        mapping(each["metadata"])["name"]: each
        for each in mappings(sources)
        if each["kind"] == "CustomResourceDefinition"
    }
    assert len(expected) > 2
    assert rendered == expected, "Helm's template language touched nothing"


def loaded(text: str) -> Iterator[object]:
    return yaml.load_all(text, yaml.CSafeLoader)
